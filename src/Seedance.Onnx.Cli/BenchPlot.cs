using System.Globalization;
using System.Net;
using System.Text;
using Seedance.Onnx.Measurement;

namespace Seedance.Onnx.Cli;

/// <summary>Draws what bench measured as an SVG picture: a bar for each case, a piece of it for each stage, so that it shows where time goes and how it grows along a sweep.</summary>
internal static class BenchPlot
{
    private const int Width = 960, Left = 220, Right = 110, Top = 64, Row = 28, Bar = 18, Gap = 18, Bottom = 40, Ticks = 5;

    /// <summary>The stages that a video goes through, with colours that people of all sights tell apart (Okabe and Ito).</summary>
    private static readonly (string Stage, string Colour)[] Colours =
    [
        ("text", "#56b4e9"), ("condition", "#cc79a7"), ("step", "#0072b2"), ("decode", "#e69f00"), ("upscale", "#009e73"), ("encode", "#999999"),
    ];

    /// <summary>Draws.</summary>
    /// <param name="cases">What was measured, cases of one group together.</param>
    /// <returns>The picture.</returns>
    public static string Draw(IReadOnlyList<CaseReport> cases)
    {
        double most = cases.Max(report => Seconds(report).Sum(stage => stage.Seconds)), tick = TickOf(most), scale = (Width - Left - Right) / Math.Max(most, tick);
        int height = Top + (cases.Count * Row) + (cases.Select(report => report.Case.Group).Distinct(StringComparer.Ordinal).Count() * Gap) + Bottom;
        StringBuilder svg = new();
        Line($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"13\">");
        Line($"<rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>");
        Line($"<text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\">Seconds for a video, by stage (measured)</text>");
        int legend = Left;
        foreach ((string stage, string colour) in Colours.Where(known => cases.Any(report => report.Find(known.Stage) is not null)))
        {
            Line($"<rect x=\"{legend}\" y=\"36\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{legend + 17}\" y=\"47\">{(stage == "step" ? "steps" : stage)}</text>");
            legend += 105;
        }

        for (double at = 0; at <= most + (tick / 2); at += tick)
        {
            double x = Left + (at * scale);
            Line($"<line x1=\"{x:0.#}\" y1=\"{Top - 6}\" x2=\"{x:0.#}\" y2=\"{height - Bottom + 6}\" stroke=\"#dddddd\"/><text x=\"{x:0.#}\" y=\"{height - Bottom + 22}\" text-anchor=\"middle\">{at:0.####}</text>");
        }

        int y = Top;
        foreach (IGrouping<string, CaseReport> group in cases.GroupBy(report => report.Case.Group, StringComparer.Ordinal))
        {
            foreach (CaseReport report in group)
            {
                double x = Left;
                Line($"<text x=\"{Left - 8}\" y=\"{y + 14}\" text-anchor=\"end\">{WebUtility.HtmlEncode(report.Case.Name)}</text>");
                foreach ((string stage, string colour, double seconds) in Seconds(report))
                {
                    Line($"<rect x=\"{x:0.##}\" y=\"{y}\" width=\"{seconds * scale:0.##}\" height=\"{Bar}\" fill=\"{colour}\"><title>{stage}: {seconds:0.####} s</title></rect>");
                    x += seconds * scale;
                }

                Line($"<text x=\"{x + 6:0.##}\" y=\"{y + 14}\" fill=\"#444444\">{(x - Left) / scale:0.00} s</text>");
                y += Row;
            }

            y += Gap;
        }

        return svg.Append("</svg>").ToString();

        void Line(FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static IEnumerable<(string Stage, string Colour, double Seconds)> Seconds(CaseReport report) =>
        from known in Colours
        let stage = report.Find(known.Stage)
        where stage is not null
        select (known.Stage, known.Colour, stage.PerVideo.TotalSeconds);

    /// <summary>A round distance between lines: 1, 2 or 5 times a power of ten.</summary>
    private static double TickOf(double most)
    {
        double rough = Math.Max(most, 1e-6) / Ticks, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return power * new[] { 1.0, 2, 5, 10 }.First(step => step * power >= rough);
    }
}
