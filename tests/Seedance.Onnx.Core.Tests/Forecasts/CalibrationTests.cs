using System.Collections.Immutable;
using System.Globalization;
using Xunit.Abstractions;

namespace Seedance.Onnx.Forecasts;

/// <summary>Forecasts against times that others published, each row in turn left out of the fit.</summary>
[Trait("Tier", "Unit")]
public sealed class CalibrationTests(ITestOutputHelper output)
{
    /// <summary>How far a forecast may be off for a row that it was not fitted to.</summary>
    private const double MostLeftOut = 0.35;

    private static readonly ImmutableArray<PublishedRow> Rows = PublishedRow.ReadAll();
    private static readonly EfficiencySheet Shipped = EfficiencySheet.All.First(sheet => sheet.Name == "cuda");

    [Fact]
    public void Fit_AllRows_IsWhatIsShipped()
    {
        EfficiencySheet fitted = EfficiencyFit.Run(Shipped, Rows);

        output.WriteLine(Describe(fitted));
        Assert.All(
            Numbers(fitted).Zip(Numbers(Shipped)),
            pair => Assert.True(Math.Abs((pair.First / pair.Second) - 1) < 0.03, $"Shipped must be {pair.First:0.###} to 3 %, but is {pair.Second:0.###}. Write the fit into efficiencies.json."));
    }

    [Fact]
    public void Fit_EachRowLeftOutInTurn_IsForetoldToAThird()
    {
        List<double> errors = [];
        List<string> far = [];
        foreach (PublishedRow row in Rows)
        {
            double inside = row.ErrorOf(Shipped), outside = row.ErrorOf(EfficiencyFit.Run(Shipped, [.. Rows.Where(other => other != row)]));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Name,-44} {row.Seconds,8:0.0} s  fitted {inside,6:+0%;-0%;0%}  left out {outside,6:+0%;-0%;0%}{(row.OnlyRowFor.Length > 0 ? $"  (no other row tells of {row.OnlyRowFor})" : "")}"));
            if (row.OnlyRowFor.Length == 0)
            {
                errors.Add(Math.Abs(outside));
                far.AddRange(Math.Abs(outside) <= MostLeftOut ? [] : [$"{row.Name}: {outside:+0%;-0%}"]);
            }
        }

        errors.Sort();
        (double median, double largest) = (errors[errors.Count / 2], errors[^1]);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"left out: median {median:0%}, largest {largest:0%}, {errors.Count} rows"));
        Assert.True(far.Count == 0, string.Join("; ", far));
        // What forecasts tell users of their own accuracy.
        Assert.Equal(errors.Count, Shipped.Rows);
        Assert.InRange(median, Shipped.MedianError - 0.02, Shipped.MedianError);
        Assert.InRange(largest, Shipped.LargestError - 0.02, Shipped.LargestError);
    }

    private static IEnumerable<double> Numbers(EfficiencySheet sheet) => [sheet.Gemm, sheet.Convolution, .. sheet.Attention.Select(kernel => kernel.Efficiency)];

    private static string Describe(EfficiencySheet sheet) => string.Create(
        CultureInfo.InvariantCulture,
        $"gemm {sheet.Gemm:0.000}, convolution {sheet.Convolution:0.000}, {string.Join(", ", sheet.Attention.Select(kernel => string.Create(CultureInfo.InvariantCulture, $"{kernel.Name} {kernel.Efficiency:0.000}")))}");
}
