//! The picture's colours, for light and dark pages.
//!
//! Enters: nothing. Leaves: a style sheet. Every difference that colour makes is made by shape or dash too, so the
//! picture reads in black and white. It deliberately names no font but the reader's own.

/// Colours of a light page, then those that a dark page changes.
pub(super) const STYLE: &str = "<style>
text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 12px; fill: #1f2328; }
.title { font-size: 17px; font-weight: 600; }
.because { font-size: 13px; }
.name { font-size: 13px; font-weight: 600; }
.soft { fill: #57606a; }
.step { font-size: 11px; }
.page { fill: #ffffff; }
.frame { fill: none; stroke: #b6bec7; }
.grid { stroke: #dfe3e8; }
.edge { stroke: #b6bec7; stroke-dasharray: 1 3; }
.tick { stroke: #8c959f; }
.weight { fill: #b35900; fill-opacity: 0.16; }
.canary { fill: none; stroke: #b35900; stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
.canary-word { fill: #8a4600; font-weight: 600; }
.stable { fill: none; stroke: #4b6584; stroke-width: 1.5; stroke-dasharray: 5 3; stroke-linejoin: round; }
.stable-word { fill: #4b6584; }
.bound { stroke: #1f2328; stroke-width: 1.3; stroke-dasharray: 9 3 2 3; }
.beyond { fill: url(#rollcast-hatch); }
.hatch { stroke: #a40e26; stroke-opacity: 0.2; }
.pause { fill: #eef1f4; stroke: #b6bec7; }
.analysis { fill: #dbe9f9; stroke: #7d9cc0; }
.move { fill: #ffffff; stroke: #b6bec7; }
.ended { fill: none; stroke: none; }
.passed { fill: #ffffff; stroke: #1a7f37; stroke-width: 1.6; }
.failed { fill: none; stroke: #cf222e; stroke-width: 3; stroke-linecap: round; }
.inconclusive { fill: #fff3c4; stroke: #7d4e00; stroke-width: 1.6; }
.error { fill: #ffffff; stroke: #cf222e; stroke-width: 1.6; }
.halo { fill: none; stroke: #ffffff; stroke-width: 6; stroke-linecap: round; }
.rolled-back { stroke: #cf222e; stroke-width: 1.8; }
.rolled-back-word { fill: #a40e26; font-weight: 600; }
.promoted { stroke: #1a7f37; stroke-width: 1.8; }
.promoted-word { fill: #116329; font-weight: 600; }
.paused, .undecided { stroke: #7d4e00; stroke-width: 1.8; }
.paused-word, .undecided-word { fill: #7d4e00; font-weight: 600; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.soft { fill: #9ea7b3; }
.page { fill: #0d1117; }
.frame, .tick { stroke: #545d68; }
.grid { stroke: #21262d; }
.edge { stroke: #545d68; }
.weight { fill: #f0a04b; fill-opacity: 0.2; }
.canary { stroke: #f0a04b; }
.canary-word { fill: #f0a04b; }
.stable { stroke: #8fb0d6; }
.stable-word { fill: #8fb0d6; }
.bound { stroke: #e6edf3; }
.hatch { stroke: #ff7b72; stroke-opacity: 0.28; }
.pause { fill: #1c2128; stroke: #545d68; }
.analysis { fill: #16304f; stroke: #4a78ad; }
.move { fill: #0d1117; stroke: #545d68; }
.passed { fill: #0d1117; stroke: #3fb950; }
.failed { stroke: #ff7b72; }
.inconclusive { fill: #3a2d00; stroke: #d29922; }
.error { fill: #0d1117; stroke: #ff7b72; }
.halo { stroke: #0d1117; }
.rolled-back { stroke: #ff7b72; }
.rolled-back-word { fill: #ff7b72; }
.promoted { stroke: #3fb950; }
.promoted-word { fill: #3fb950; }
.paused, .undecided { stroke: #d29922; }
.paused-word, .undecided-word { fill: #d29922; }
}
</style>
<defs>
<pattern id=\"rollcast-hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">
<line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\" stroke-width=\"2\"/>
</pattern>
</defs>";
