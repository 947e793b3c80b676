//! Marks and axes in detail: series that share a colour, cells without seams, ticks far from 0 and along few decades.

use adl_plot::{png, svg};
use adl_runtime::figure::{Axis, Figure, Grid, Mark, Panel, Shape, Stroke};
use std::collections::HashSet;

fn mark(shape: Shape) -> Mark {
    Mark { shape, label: None, color: None }
}

fn line(x: &[f64], y: &[f64]) -> Mark {
    mark(Shape::Line { x: x.to_vec(), y: y.to_vec(), stroke: Stroke::Solid, width: 1.5 })
}

fn figure(marks: Vec<Mark>, log: bool) -> Figure {
    let axis = Axis { log, ..Axis::default() };
    let panel = Panel { marks, x: axis.clone(), y: axis, ..Panel::default() };
    Figure { panels: vec![panel], columns: 1, size: None, title: None, save: None }
}

fn drawn(marks: Vec<Mark>, log: bool) -> String {
    svg(&figure(marks, log)).expect("a picture").content
}

/// The texts of a picture in order: those of the x axis come first.
fn texts(svg: &str) -> Vec<&str> {
    let parts = svg.split("<text ").skip(1).filter_map(|t| t.split_once('>'));
    parts.filter_map(|(_, rest)| rest.split_once("</text>")).map(|(text, _)| text).collect()
}

/// How the elements of series look, without their places.
fn looks(svg: &str) -> Vec<&str> {
    let series =
        |l: &&str| !["#262626", "#e2e2e2", "#c8c8c8", "#ffffff"].iter().any(|c| l.contains(&format!("\"{c}\"")));
    svg.lines()
        .filter(|l| l.starts_with("<path"))
        .filter(series)
        .map(|l| l.split_once("fill=").expect("a fill").1)
        .collect()
}

#[test]
fn series_that_share_a_colour_differ_in_their_strokes_and_signs() {
    let lines = (0..40).map(|k| line(&[0.0, 1.0], &[0.0, f64::from(k)])).collect();
    let svg = drawn(lines, false);
    let all = looks(&svg);
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (40, 40), "{all:?}");
    let at = |k: u32| vec![f64::from(k)];
    let dots = (0..30).map(|k| mark(Shape::Scatter { x: at(k), y: at(k), size: 5.0 })).collect();
    let svg = drawn(dots, false);
    let corners = |l: &str| l.split('"').nth(1).map_or(0, |d| d.matches('L').count());
    let of_blue: Vec<usize> = svg.lines().filter(|l| l.contains("#1f77b4")).map(corners).collect();
    assert_eq!(of_blue, [0, 2, 3], "a disc, a triangle, a square");
    // A stroke that is told stays.
    let mut marks: Vec<Mark> = (0..11).map(|k| line(&[0.0, 1.0], &[0.0, f64::from(k)])).collect();
    marks.push(mark(Shape::Line { x: vec![0.0, 1.0], y: vec![0.0, 1.0], stroke: Stroke::Dotted, width: 1.0 }));
    let svg = drawn(marks, false);
    assert!(looks(&svg)[11].contains("stroke-dasharray=\"1.2 2.2\""), "{:?}", looks(&svg)[11]);
}

#[test]
fn no_paper_shines_through_between_cells() {
    let n = 101;
    let places: Vec<f64> = (0..n).map(|k| f64::from(k) / 7.0).collect();
    let z = (0..n * n).map(|k| f64::from(k % 17)).collect();
    let picture = png(&figure(vec![mark(Shape::Heatmap(Grid { z, x: places.clone(), y: places }))], false)).unwrap();
    let pixels = tiny_skia::Pixmap::decode_png(&picture.content).expect("a PNG");
    let inside = (0..300).flat_map(|x| (0..200).map(move |y| (300 + x, 300 + y)));
    let colors: HashSet<_> =
        inside.map(|(x, y)| pixels.pixel(x, y).expect("inside")).map(|p| (p.red(), p.green(), p.blue())).collect();
    assert_eq!(colors.len(), 17, "pixels between two cells have the colour of one of them");
}

#[test]
fn many_cells_make_no_large_file() {
    let places: Vec<f64> = (0..256).map(f64::from).collect();
    let z = (0..65536).map(|k| (f64::from(k) * 0.37).sin()).collect();
    let svg = drawn(vec![mark(Shape::Heatmap(Grid { z, x: places.clone(), y: places }))], false);
    assert!(svg.len() < 2_500_000, "{}", svg.len());
    assert!(svg.lines().count() < 700, "one element for each colour");
}

#[test]
fn ticks_far_from_0_leave_out_what_they_share() {
    let svg = drawn(vec![line(&[1e9, 1e9 + 0.04], &[-2024.125, -2024.1249])], false);
    let texts = texts(&svg);
    for wanted in ["+10⁹", "0.000", "0.020", "0.2", "×10⁻⁴ −2024.125"] {
        assert!(texts.contains(&wanted), "{wanted} in {texts:?}");
    }
    assert!(texts.iter().all(|t| t.chars().count() <= 16), "{texts:?}");
    // A few digits and years are read as they are.
    let svg = drawn(vec![line(&[1975.0, 2024.0], &[12345.0, 12349.0])], false);
    for wanted in ["1980", "2020", "12346.0"] {
        assert!(texts_of(&svg).contains(&wanted.to_string()), "{wanted} in {:?}", texts_of(&svg));
    }
    // Floats have no more numbers than these between the ends: no tick stands twice.
    let ends = [1.0, 1.0 + 4.0 * f64::EPSILON];
    let mut f = figure(vec![line(&ends, &ends)], false);
    f.panels[0].x.limits = Some((ends[0], ends[1]));
    let svg = svg_of(&f);
    let below: Vec<String> = texts_of(&svg).into_iter().take_while(|t| t != "1.0").collect();
    assert_eq!(below.len(), below.iter().collect::<HashSet<_>>().len(), "{below:?}");
}

fn svg_of(figure: &Figure) -> String {
    svg(figure).expect("a picture").content
}

fn texts_of(svg: &str) -> Vec<String> {
    texts(svg).into_iter().map(str::to_string).collect()
}

#[test]
fn log_axes_have_labels_along_few_decades_and_along_many() {
    let of = |a: f64, b: f64| texts_of(&drawn(vec![line(&[a, b], &[a, b])], true));
    for (ends, wanted) in [
        ((0.07, 1.8), ["0.1", "0.2", "0.5", "1"]),
        ((2e-7, 4e-6), ["2×10⁻⁷", "5×10⁻⁷", "10⁻⁶", "2×10⁻⁶"]),
        ((1.2, 1.9), ["1.3", "1.4", "1.5", "1.9"]),
        ((1e-5, 1e5), ["10⁻⁵", "10⁻⁴", "10", "10⁵"]),
        ((1e-300, 1e300), ["10⁻²⁰⁰", "1", "10²⁰⁰", "10³⁰⁰"]),
    ] {
        let texts = of(ends.0, ends.1);
        assert!(wanted.iter().all(|w| texts.iter().any(|t| t == w)), "{wanted:?} in {texts:?}");
    }
}

#[test]
fn lone_points_of_lines_are_dots() {
    for (x, y) in
        [(vec![3.0], vec![5.0]), (vec![3.0, 3.0], vec![5.0, 5.0]), (vec![0.0, 1.0, 2.0], vec![f64::NAN, 1.0, f64::NAN])]
    {
        let svg = drawn(vec![line(&x, &y)], false);
        assert_eq!(looks(&svg).len(), 1);
        assert!(svg.lines().any(|l| l.contains("#1f77b4") && l.matches('L').count() == 1), "{svg}");
    }
}

#[test]
fn bars_below_0_have_a_line_there_and_on_a_log_axis_all_have_a_height() {
    let bars = |heights: &[f64]| mark(Shape::Bars { edges: vec![0.0, 1.0, 2.0, 3.0], heights: heights.to_vec() });
    let lines = |svg: &str| svg.matches("stroke=\"#262626\" stroke-width=\"0.6\"").count();
    assert_eq!(lines(&drawn(vec![bars(&[1.0, -1.0, 2.0])], false)), 1);
    assert_eq!(lines(&drawn(vec![bars(&[1.0, 1.0, 2.0])], false)), 0);
    let mut f = figure(vec![bars(&[1.0, 10.0, 1000.0])], false);
    f.panels[0].y.log = true;
    let svg = svg_of(&f);
    let d = svg.lines().find(|l| l.contains("#1f77b4")).and_then(|l| l.split('"').nth(1)).expect("bars");
    for ring in d.split('Z').filter(|r| !r.is_empty()) {
        let y: Vec<f64> = ring.split(' ').skip(1).filter_map(|p| p.split('L').next()?.parse().ok()).collect();
        let height = y.iter().copied().fold(0.0, f64::max) - y.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(height > 20.0, "{height} of {ring}");
    }
}

#[test]
fn the_scale_of_filled_contours_has_their_colours() {
    let places: Vec<f64> = (0..9).map(f64::from).collect();
    let z: Vec<f64> = (0..81).map(f64::from).collect();
    let grid = Grid { z, x: places.clone(), y: places };
    let tiles = |marks: Vec<Mark>| drawn(marks, false).lines().filter(|l| l.contains("crispEdges")).count();
    let contour = |filled| mark(Shape::Contour { grid: grid.clone(), levels: vec![20.0, 40.0, 60.0], filled });
    assert_eq!(tiles(vec![contour(true)]), 4);
    assert_eq!(tiles(vec![contour(false)]), 128);
    let lines = drawn(vec![contour(true)], false);
    let areas = lines.lines().filter(|l| l.contains("Z\" fill=\""));
    for color in areas.filter_map(|l| l.split("fill=\"").nth(1)?.split('"').next()).filter(|c| *c != "#ffffff") {
        assert_eq!(lines.matches(&format!("fill=\"{color}\" shape-rendering")).count(), 1, "{color}");
    }
}

#[test]
fn marks_without_finite_numbers_are_said() {
    let nan = Mark { label: Some("loss".into()), ..line(&[1.0, 2.0], &[f64::NAN, f64::INFINITY]) };
    let grid = Grid { z: vec![f64::NAN; 4], x: vec![1.0, 2.0], y: vec![1.0, 2.0] };
    let marks = vec![nan, line(&[], &[]), line(&[f64::NAN], &[1.0]), mark(Shape::Heatmap(grid))];
    let said = "nothing is shown: no number is finite";
    let notes = svg(&figure(marks, false)).unwrap().notes;
    assert_eq!(notes, ["nothing of \"loss\" is shown: no number is finite", said, said]);
}

#[test]
fn places_that_a_log_axis_cannot_show_are_said() {
    let grid = Grid { z: vec![1.0; 9], x: vec![-1.0, 1.0, 2.0], y: vec![1.0, 2.0, 3.0] };
    let picture = svg(&figure(vec![mark(Shape::Heatmap(grid))], true)).unwrap();
    let expected = "1 of 3 places is not shown: the x axis is logarithmic, and it is not positive";
    assert_eq!(picture.notes, [expected]);
}
