//! Figures as characters, word for word.

use adl_plot::{Screen, text};
use adl_runtime::figure::{Color, Figure, Grid, Mark, Panel, Shape, Stroke};
use std::collections::HashSet;

const PLAIN: Screen = Screen { columns: 40, rows: 6, color: false };

fn line(x: &[f64], y: &[f64], label: Option<&str>) -> Mark {
    let shape = Shape::Line { x: x.to_vec(), y: y.to_vec(), stroke: Stroke::Solid, width: 1.5 };
    Mark { shape, label: label.map(str::to_string), color: None }
}

fn figure(marks: Vec<Mark>) -> Figure {
    let panel = Panel { marks, title: Some("title".into()), ..Panel::default() };
    Figure { panels: vec![panel], columns: 1, size: None, title: None, save: None }
}

#[track_caller]
fn shows(figure: &Figure, screen: Screen, expected: &str) {
    let picture = text(figure, screen).expect("a picture");
    assert_eq!(picture.content, expected.trim_matches('\n'), "\n{}", picture.content);
    assert!(picture.content.lines().all(|l| screen.color || l.chars().count() <= screen.columns));
}

#[test]
fn lines() {
    let mut f = figure(vec![
        line(&[0.0, 1.0, 2.0], &[0.0, 1.0, 0.0], Some("up")),
        line(&[0.0, 2.0], &[1.0, 0.0], Some("down")),
    ]);
    f.panels[0].x.label = Some("x".into());
    f.panels[0].y.label = Some("y".into());
    shows(&f, PLAIN, LINES);
}

#[test]
fn bars_and_values() {
    let bars = Shape::Bars { edges: vec![0.0, 1.0, 2.0, 3.0], heights: vec![1.0, 3.0, 2.0] };
    shows(&figure(vec![Mark { shape: bars, label: None, color: None }]), PLAIN, BARS);
    let z = (0..12).map(f64::from).collect();
    let grid = Grid { z, x: vec![0.0, 1.0, 2.0, 3.0], y: vec![0.0, 1.0, 2.0] };
    shows(&figure(vec![Mark { shape: Shape::Heatmap(grid), label: None, color: None }]), PLAIN, VALUES);
}

#[test]
fn long_texts_break_into_lines() {
    let long = "a name that is too long for so narrow a terminal";
    let mut f =
        figure(vec![line(&[-1.0, 1.0], &[0.0, 1.0], Some(long)), line(&[-1.0, 1.0], &[1.0, 0.0], Some("down"))]);
    f.panels[0].title = Some(format!("{long}, and so on"));
    f.panels[0].x.label = Some(long.into());
    f.panels[0].y.label = Some(long.into());
    shows(&f, PLAIN, LONG);
}

#[test]
fn lines_without_colours_differ_in_their_dots() {
    let f = figure((0..7).map(|k| line(&[0.0, 1.0], &[0.0, f64::from(k)], Some("line"))).collect());
    let picture = text(&f, PLAIN).unwrap().content;
    let legend: Vec<&str> = picture.lines().rev().take_while(|l| l.contains("line")).collect();
    let samples = legend.iter().flat_map(|l| l.split("line")).filter(|s| !s.trim().is_empty());
    let samples: Vec<&str> = samples.map(|s| s.trim_start()).collect();
    assert_eq!((samples.len(), samples.iter().collect::<HashSet<_>>().len()), (7, 7), "{samples:?}");
}

/// A text without the sequences that choose colours.
fn bare(colored: &str) -> String {
    let parts = colored.split('\u{1b}').enumerate();
    parts.map(|(k, s)| if k == 0 { s } else { s.split_once('m').map_or("", |(_, rest)| rest) }).collect()
}

#[test]
fn difficult_figures_are_no_wider_than_the_screen() {
    for (name, figure) in crate::figures::all() {
        for columns in [40, 80, 160] {
            for color in [false, true] {
                let picture = text(&figure, Screen { columns, rows: 12, color }).expect(name).content;
                assert!(color || !picture.contains('\u{1b}'), "{name}");
                let wide = bare(&picture).lines().find(|l| l.chars().count() > columns).map(str::to_string);
                assert_eq!(wide, None, "{name} at {columns}");
            }
        }
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    let mut mark = line(&[0.0, 1.0], &[0.0, 0.0], None);
    mark.color = Some(Color(1, 2, 3));
    let f = figure(vec![mark]);
    let plain = text(&f, PLAIN).unwrap().content;
    assert!(!plain.contains('\u{1b}'));
    let colored = text(&f, Screen { color: true, ..PLAIN }).unwrap().content;
    assert!(colored.contains("\u{1b}[38;2;1;2;3m") && colored.contains("\u{1b}[0m"));
    let bare = bare(&colored);
    let trimmed: Vec<&str> = bare.lines().map(str::trim_end).collect();
    assert_eq!(trimmed.join("\n"), plain);
}

#[test]
fn small_screens_and_empty_data() {
    for columns in [0, 1, 10, 20, 200] {
        for rows in [0, 1, 5, 50] {
            let screen = Screen { columns, rows, color: columns == 20 };
            for marks in [
                vec![],
                vec![line(&[1.0], &[f64::NAN], None)],
                vec![line(&[1.0, 2.0], &[1e-9, 1e9], Some("long label"))],
            ] {
                assert!(text(&figure(marks), screen).is_ok());
            }
        }
    }
}

const LINES: &str = "
                  title
  y
1 ┤⠂⠂⠄⡀⡀           ⣀⠔⠢⣀
  │     ⠁⠁⠂⠄⠄⡀⡀⢀⡠⠔⠉    ⠉⠢⢄⡀
  │         ⢀⠤⠒⠁⠂⠂⠄⠄⡀     ⠈⠒⠤⡀
  │      ⡠⠔⠊⠁        ⠁⠁⠂⠂⠄⡀⡀ ⠈⠑⠢⢄
  │  ⢀⡠⠒⠉                   ⠁⠁⠂⠄⠄⡉⡒⢄⡀
0 ┤⠤⠊⠁                             ⠁⠊⠓⠤
  └┬────────┬────────┬───────┬────────┬
  0.0      0.5      1.0     1.5      2.0
                    x
   ⠒⠒⠒ up   ⠂⠂⠂ down
";
const LONG: &str = "
      a name that is too long for so
       narrow a terminal, and so on
  a name that is too long
  for so narrow a terminal
1 ┤⠂⠂⠄⡀⡀                          ⢀⣀⠤⠔⠒
  │     ⠁⠁⠂⠄⠄⡀⡀            ⢀⣀⡠⠤⠒⠊⠉⠁
  │            ⠁⠂⠂⠄⠄⡀⣀⡠⠤⠔⠒⠉⠁
  │           ⢀⣀⠤⠔⠒⠊⠉⠁⠁⠂⠂⠄⡀⡀
  │    ⢀⣀⡠⠤⠒⠊⠉⠁             ⠁⠁⠂⠄⠄⡀⡀
0 ┤⠤⠔⠒⠉⠁                           ⠁⠂⠂⠄
  └┬────────┬────────┬───────┬────────┬
 −1.0     −0.5      0.0     0.5      1.0
         a name that is too long
         for so narrow a terminal
   ⠒⠒⠒ a name that is too long
       for so narrow a terminal
   ⠂⠂⠂ down
";
const BARS: &str = "
                  title
  │            ▆▆▆▆▆▆▆▆▆▆▆▆
  │            ████████████
2 ┤            ████████████▇▇▇▇▇▇▇▇▇▇▇
  │            ███████████████████████
  │ ▇▇▇▇▇▇▇▇▇▇▇███████████████████████
0 ┤ ██████████████████████████████████
  └─┬──────────┬──────────┬──────────┬─
    0          1          2          3
";
const VALUES: &str = "
                  title
  │▓▓▓▓▓▓▓▓▓███████████████████████████
2 ┤▓▓▓▓▓▓▓▓▓███████████████████████████
  │░░░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓▓▓▓▓▓▓▓▓
  │░░░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▓▓▓▓▓▓▓▓▓
0 ┤                           ░░░░░░░░░
  │                           ░░░░░░░░░
  └────┬────────┬────────┬────────┬────
       0        1        2        3
   0     ░░░▒▒▒▓▓▓███ 11
";
