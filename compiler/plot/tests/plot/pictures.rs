//! Figures as SVG and PNG: what is in them, and what is said of data that has no place.

use adl_plot::{PIXELS_PER_POINT, png, svg};
use adl_runtime::figure::{Axis, Color, Figure, Grid, Legend, Mark, Panel, Shape, Stroke};

fn line(x: &[f64], y: &[f64]) -> Mark {
    let shape = Shape::Line { x: x.to_vec(), y: y.to_vec(), stroke: Stroke::Solid, width: 1.5 };
    Mark { shape, label: None, color: None }
}

fn scatter(x: &[f64], y: &[f64]) -> Mark {
    Mark { shape: Shape::Scatter { x: x.to_vec(), y: y.to_vec(), size: 5.0 }, label: None, color: None }
}

fn panel(marks: Vec<Mark>) -> Panel {
    Panel { marks, ..Panel::default() }
}

fn figure(panels: Vec<Panel>) -> Figure {
    Figure { columns: panels.len().max(1), panels, size: None, title: None, save: None }
}

fn log() -> Axis {
    Axis { log: true, ..Axis::default() }
}

fn drawn(figure: &Figure) -> String {
    let picture = svg(figure).expect("a picture");
    assert!(!picture.content.contains("NaN") && !picture.content.contains("inf"), "{}", picture.content);
    picture.content
}

/// The texts of a picture in order.
fn texts(svg: &str) -> Vec<String> {
    let parts = svg.split("<text ").skip(1).filter_map(|t| t.split_once('>'));
    parts.filter_map(|(_, rest)| rest.split_once("</text>")).map(|(text, _)| text.to_string()).collect()
}

/// The paths of one stroke colour: the pieces of each.
fn strokes(svg: &str, color: &str) -> Vec<Vec<Vec<(f64, f64)>>> {
    let of = format!("stroke=\"{color}\"");
    let paths = svg.lines().filter(|l| l.starts_with("<path d=\"") && l.contains(&of));
    paths
        .map(|l| {
            let d = l.trim_start_matches("<path d=\"").split('"').next().expect("a path");
            let point = |p: &str| {
                let (x, y) = p.split_once(' ').expect("two numbers");
                (x.parse().expect("a number"), y.trim_end_matches("h0").parse().expect("a number"))
            };
            d.split('M').filter(|p| !p.is_empty()).map(|piece| piece.split('L').map(point).collect()).collect()
        })
        .collect()
}

const BLUE: &str = "#1f77b4";

#[test]
fn titles_labels_and_ticks_stand_in_the_picture() {
    let mut p = panel(vec![line(&[0.0, 1.0, 2.0], &[0.0, 50.0, 100.0])]);
    p.title = Some("a < b & c".into());
    p.x.label = Some("time".into());
    p.y.label = Some("height".into());
    let svg = drawn(&figure(vec![p]));
    let texts = texts(&svg);
    for wanted in ["a &lt; b &amp; c", "time", "height", "0.0", "0.2", "1.0", "2.0", "0", "100"] {
        assert!(texts.iter().any(|t| t == wanted), "{wanted} in {texts:?}");
    }
    assert!(svg.contains("rotate(-90"), "the label of the y axis runs upwards");
    assert_eq!(strokes(&svg, BLUE).len(), 1);
    let piece = &strokes(&svg, BLUE)[0][0];
    assert_eq!(piece.len(), 3);
    assert!(piece[0].0 < piece[1].0 && piece[0].1 > piece[1].1, "upwards is less in an SVG: {piece:?}");
    // Equal steps of the data are equal steps of the picture.
    assert!(((piece[1].0 - piece[0].0) - (piece[2].0 - piece[1].0)).abs() < 0.02);
}

#[test]
fn log_axes_place_equal_ratios_equally() {
    let mut p = panel(vec![line(&[1e-6, 1e-3, 1.0], &[1.0, 10.0, 100.0])]);
    (p.x, p.y) = (log(), log());
    let svg = drawn(&figure(vec![p]));
    let piece = strokes(&svg, BLUE)[0][0].clone();
    assert!(((piece[1].0 - piece[0].0) - (piece[2].0 - piece[1].0)).abs() < 0.02, "{piece:?}");
    let texts = texts(&svg);
    for wanted in ["10⁻⁶", "10⁻⁴", "1", "10", "10²"] {
        assert!(texts.iter().any(|t| t == wanted), "{wanted} in {texts:?}");
    }
}

#[test]
fn what_a_log_axis_cannot_show_is_said() {
    let mut mark = line(&[1.0, 2.0, 3.0, 4.0], &[1.0, 0.0, -1.0, 10.0]);
    mark.label = Some("loss".into());
    let mut p = panel(vec![mark]);
    p.y = log();
    let picture = svg(&figure(vec![p])).unwrap();
    let expected = "2 of 4 points of \"loss\" are not shown: the y axis is logarithmic, and they are not positive";
    assert_eq!(picture.notes, [expected]);
    let mut p = panel(vec![line(&[1.0, 2.0], &[0.0, -1.0])]);
    p.y = log();
    let picture = svg(&figure(vec![p.clone()])).unwrap();
    assert_eq!(picture.notes.len(), 1, "and the axes are drawn all the same");
    assert!(texts(&picture.content).iter().any(|t| t == "1"));
    p.y.limits = Some((0.0, 1.0));
    let why = svg(&figure(vec![p])).unwrap_err();
    assert_eq!(why, "`ylim` is (0, 1): a log axis shows positive numbers only");
}

#[test]
fn what_is_not_finite_leaves_gaps() {
    let x: Vec<f64> = (0..9).map(f64::from).collect();
    let y = [0.0, 1.0, f64::NAN, 3.0, 4.0, f64::INFINITY, 6.0, 7.0, 8.0];
    let svg = drawn(&figure(vec![panel(vec![line(&x, &y)])]));
    let path = &strokes(&svg, BLUE)[0];
    assert_eq!(path.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 3]);
    let svg = drawn(&figure(vec![panel(vec![scatter(&x, &y)])]));
    assert_eq!(strokes(&svg, BLUE)[0].len(), 7);
}

#[test]
fn nothing_one_point_and_constants_have_axes() {
    for marks in [
        vec![],
        vec![line(&[], &[])],
        vec![line(&[3.0], &[5.0])],
        vec![line(&[f64::NAN], &[f64::NAN])],
        vec![scatter(&[0.0], &[0.0])],
        vec![line(&[0.0, 1.0], &[7.0, 7.0])],
        vec![line(&[0.0, 1.0], &[1e300, -1e300])],
        vec![line(&[0.0, 1.0], &[f64::MAX, -f64::MAX])],
        vec![line(&[1e9, 1e9 + 1e-3], &[1e-300, 2e-300])],
        vec![Mark { shape: Shape::Bars { edges: vec![0.0], heights: vec![] }, label: None, color: None }],
    ] {
        for (x, y) in [(false, false), (true, false), (false, true)] {
            let mut p = panel(marks.clone());
            (p.x.log, p.y.log) = (x, y);
            let svg = drawn(&figure(vec![p]));
            assert!(texts(&svg).len() >= 2, "{marks:?} {x} {y}: {:?}", texts(&svg));
        }
    }
    let svg = drawn(&figure(vec![panel(vec![scatter(&[3.0], &[5.0])])]));
    assert_eq!(strokes(&svg, BLUE)[0].len(), 1);
}

#[test]
fn large_and_small_numbers_share_a_power_of_ten() {
    let svg = drawn(&figure(vec![panel(vec![line(&[0.0, 4e-7], &[0.0, 3e8])])]));
    let texts = texts(&svg);
    assert!(texts.contains(&"×10⁻⁷".to_string()) && texts.contains(&"×10⁸".to_string()), "{texts:?}");
    assert!(texts.contains(&"4.0".to_string()) && texts.contains(&"3.0".to_string()), "{texts:?}");
}

#[test]
fn limits_cut_lines_at_the_border() {
    let mut p = panel(vec![line(&[0.0, 10.0], &[0.0, 10.0]), scatter(&[1.0, 5.0], &[1.0, 5.0])]);
    p.x.limits = Some((2.0, 6.0));
    p.y.limits = Some((2.0, 6.0));
    let svg = drawn(&figure(vec![p.clone()]));
    let piece = strokes(&svg, BLUE)[0][0].clone();
    let frame = strokes(&svg, "#262626")[0][0].clone();
    let close = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 0.02 && (a.1 - b.1).abs() < 0.02;
    assert!(close(piece[0], frame[3]) && close(piece[1], frame[1]), "{piece:?} {frame:?}");
    assert_eq!(strokes(&svg, "#d62728")[0].len(), 1, "dots outside are left out");
    // An axis may run the other way.
    p.x.limits = Some((6.0, 2.0));
    let piece = strokes(&drawn(&figure(vec![p.clone()])), BLUE)[0][0].clone();
    assert!(piece[0].0 > piece[1].0);
    p.x.limits = Some((2.0, 2.0));
    assert_eq!(svg_error(p), "`xlim` is (2, 2): an axis needs two different ends");
}

fn svg_error(p: Panel) -> String {
    svg(&figure(vec![p])).unwrap_err()
}

#[test]
fn a_million_points_are_thinned_and_keep_their_extremes() {
    let n = 1_000_000;
    let x: Vec<f64> = (0..n).map(|k| k as f64).collect();
    let y: Vec<f64> = (0..n).map(|k| if k == 777_777 { 50.0 } else { (k as f64 * 0.7).sin() }).collect();
    let svg = drawn(&figure(vec![panel(vec![line(&x, &y)])]));
    let piece = &strokes(&svg, BLUE)[0][0];
    assert!(piece.len() < 8_000, "{}", piece.len());
    let top = piece.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let others = piece.iter().filter(|p| p.1 > top + 100.0).count();
    assert_eq!(others, piece.len() - 1, "the one high point is there");
    let svg = drawn(&figure(vec![panel(vec![scatter(&y, &x)])]));
    assert!(svg.len() < 4_000_000, "{}", svg.len());
    // A line that goes back and forth.
    let svg = drawn(&figure(vec![panel(vec![line(&y[..1000], &vec![1.0; 1000])])]));
    assert!(!strokes(&svg, BLUE).is_empty());
}

#[test]
fn legends_name_what_is_labelled_and_cover_no_data() {
    let label = |mut m: Mark, l: &str| {
        m.label = Some(l.into());
        m
    };
    // Of the corners only the lower right one is free.
    let mut p =
        panel(vec![label(line(&[0.0, 5.0, 10.0], &[10.0, 0.0, 10.0]), "first"), line(&[0.0, 1.0], &[0.0, 0.0])]);
    let at = |svg: &str, name: &str| {
        let text = svg.lines().find(|l| l.contains(&format!(">{name}</text>")))?;
        let x = text.split("x=\"").nth(1)?.split('"').next()?.parse::<f64>().ok()?;
        let y = text.split("y=\"").nth(1)?.split('"').next()?.parse::<f64>().ok()?;
        Some((x, y))
    };
    let svg = drawn(&figure(vec![p.clone()]));
    let (x, y) = at(&svg, "first").expect("the legend");
    assert!(x > 400.0 && y > 220.0, "in the lower right corner: {x} {y}");
    p.legend = Legend::Off;
    assert_eq!(at(&drawn(&figure(vec![p.clone()])), "first"), None);
    p.legend = Legend::Corner { top: true, right: false };
    let (x, y) = at(&drawn(&figure(vec![p.clone()])), "first").expect("the legend");
    assert!(x < 200.0 && y < 100.0, "{x} {y}");
    // Dots all over drive it out.
    let (xs, ys): (Vec<f64>, Vec<f64>) = (0..2500).map(|k| (f64::from(k % 50), f64::from(k / 50))).unzip();
    let crowded = panel(vec![label(scatter(&xs, &ys), "crowd")]);
    let svg = drawn(&figure(vec![crowded]));
    let frame = strokes(&svg, "#262626")[0][0].clone();
    let (x, _) = at(&svg, "crowd").expect("the legend");
    assert!(x > frame[1].0, "beside the axes: {x} {frame:?}");
}

#[test]
fn colors_follow_one_another_unless_told() {
    let mut told = line(&[0.0, 1.0], &[1.0, 2.0]);
    told.color = Some(Color(1, 2, 3));
    let svg = drawn(&figure(vec![panel(vec![line(&[0.0, 1.0], &[0.0, 1.0]), told, line(&[0.0, 1.0], &[2.0, 3.0])])]));
    for color in [BLUE, "#010203", "#d62728"] {
        assert_eq!(strokes(&svg, color).len(), 1, "{color}");
    }
}

fn bowl(n: usize) -> Grid {
    let at: Vec<f64> = (0..n).map(|k| 2.0 * k as f64 / (n - 1) as f64 - 1.0).collect();
    let z = at.iter().flat_map(|y| at.iter().map(move |x| x * x + y * y)).collect();
    Grid { z, x: at.clone(), y: at }
}

#[test]
fn contours_lie_where_the_value_is() {
    let shape = Shape::Contour { grid: bowl(41), levels: vec![0.25, 5.0], filled: false };
    let mut p = panel(vec![Mark { shape, label: None, color: Some(Color(9, 9, 9)) }]);
    p.equal = true;
    let svg = drawn(&figure(vec![p]));
    let frame = strokes(&svg, "#262626")[0][0].clone();
    let (left, right, top, bottom) = (frame[0].0, frame[1].0, frame[0].1, frame[2].1);
    assert!(((right - left) - (bottom - top)).abs() < 0.05, "a square");
    let paths = strokes(&svg, "#090909");
    assert_eq!(paths.len(), 1, "no line where the value is not met");
    let ring = &paths[0][0];
    assert_eq!((paths[0].len(), ring.first()), (1, ring.last()), "one closed line");
    let unit = (right - left) / 2.0;
    for (x, y) in ring {
        let r = ((x - f64::midpoint(left, right)).hypot(y - f64::midpoint(top, bottom))) / unit;
        assert!((r - 0.5).abs() < 0.01, "{r}");
    }
}

#[test]
fn holes_in_grids_stay_open() {
    let mut grid = bowl(11);
    grid.z[5 * 11 + 5] = f64::NAN;
    for shape in [Shape::Heatmap(grid.clone()), Shape::Contour { grid, levels: vec![0.3, 0.9], filled: true }] {
        let svg = drawn(&figure(vec![panel(vec![Mark { shape, label: Some("z".into()), color: None }])]));
        assert!(texts(&svg).contains(&"z".to_string()), "the scale of the colours has its label");
    }
    let mut grid = bowl(3);
    grid.x.reverse();
    let shape = Shape::Heatmap(grid);
    let why = svg_error(panel(vec![Mark { shape, label: None, color: None }]));
    assert_eq!(why, "the places of a grid along x must ascend");
}

#[test]
fn panels_stand_side_by_side() {
    let p = |name: &str| Panel { title: Some(name.into()), ..panel(vec![line(&[0.0, 1.0], &[0.0, 1.0])]) };
    let mut f = figure(vec![p("one"), p("two"), p("three")]);
    f.columns = 2;
    f.title = Some("all".into());
    let svg = drawn(&f);
    let lines = strokes(&svg, BLUE);
    assert_eq!(lines.len(), 3);
    let start = |k: usize| lines[k][0][0];
    assert!(start(1).0 > start(0).0 + 200.0 && (start(1).1 - start(0).1).abs() < 0.1);
    assert!(start(2).1 > start(0).1 + 200.0 && (start(2).0 - start(0).0).abs() < 0.1);
    assert_eq!(texts(&svg)[0], "all");
}

#[test]
fn a_png_has_its_size_and_is_not_blank() {
    let mut f = figure(vec![panel(vec![line(&[0.0, 1.0], &[0.0, 1.0])])]);
    f.size = Some((300.0, 200.0));
    let picture = png(&f).unwrap();
    let pixels = tiny_skia::Pixmap::decode_png(&picture.content).expect("a PNG");
    let wanted = (300.0 * PIXELS_PER_POINT, 200.0 * PIXELS_PER_POINT);
    assert_eq!((f64::from(pixels.width()), f64::from(pixels.height())), wanted);
    let count =
        |r: u8, g: u8, b: u8| pixels.pixels().iter().filter(|p| (p.red(), p.green(), p.blue()) == (r, g, b)).count();
    assert!(count(255, 255, 255) > 50_000, "paper");
    assert!(count(31, 119, 180) > 500, "the line");
    assert!(count(38, 38, 38) > 300, "axes and letters");
    for size in [(10.0, 200.0), (f64::NAN, 200.0), (300.0, 1e9)] {
        f.size = Some(size);
        assert!(svg(&f).unwrap_err().contains("each side has 40 to 10000"));
    }
    // Far too small for its parts, but no reason to fail.
    f.size = Some((40.0, 40.0));
    assert!(png(&f).is_ok());
}
