//! Figures as characters, word for word.

use adl_plot::{Screen, text};
use adl_runtime::figure::{Color, Figure, Grid, Mark, Panel, Shape, Stroke};

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
fn colours_only_where_they_are_wanted() {
    let mut mark = line(&[0.0, 1.0], &[0.0, 0.0], None);
    mark.color = Some(Color(1, 2, 3));
    let f = figure(vec![mark]);
    let plain = text(&f, PLAIN).unwrap().content;
    assert!(!plain.contains('\u{1b}'));
    let colored = text(&f, Screen { color: true, ..PLAIN }).unwrap().content;
    assert!(colored.contains("\u{1b}[38;2;1;2;3m") && colored.contains("\u{1b}[0m"));
    let bare: String = colored
        .split('\u{1b}')
        .enumerate()
        .map(|(k, s)| if k == 0 { s } else { s.split_once('m').map_or("", |(_, r)| r) })
        .collect();
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
   0.0     0.5      1.0     1.5     2.0
                    x
   ⠒⠒⠒ up   ⠂⠂⠂ down
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
