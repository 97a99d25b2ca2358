using System.Collections.Immutable;

namespace Seedance.Onnx.Forecasts;

/// <summary>Finds the shares of the peak that explain published times best: least squares of the errors' logarithms, one number after the other in ever smaller steps.</summary>
internal static class EfficiencyFit
{
    private const double SmallestStep = 1e-3;

    /// <summary>
    /// FlashAttention 3 is taken from its paper (arXiv 2407.08608: 0.65 of the peak for heads of 128, measured alone) and lowered to 0.6 for running among other operators. The only two
    /// rows with it contradict each other: 720p takes 2.7 times as long as 480p there, and 3.1 to 3.5 times as long in the same page's other rows.
    /// </summary>
    private const string NotFitted = "flash3";

    /// <summary>Fits products with weights, convolutions, and each way to compute attention.</summary>
    /// <param name="start">Where to begin, and what is not fitted.</param>
    /// <param name="rows">The times.</param>
    public static EfficiencySheet Run(EfficiencySheet start, IReadOnlyCollection<PublishedRow> rows)
    {
        double[] values = [start.Gemm, start.Convolution, .. start.Attention.Select(kernel => kernel.Efficiency)];
        int[] fitted = [0, 1, .. Enumerable.Range(0, start.Attention.Length).Where(kernel => start.Attention[kernel].Name != NotFitted).Select(kernel => kernel + 2)];
        double best = Loss(With(start, values), rows);
        for (double step = 0.2; step > SmallestStep;)
        {
            bool improved = false;
            foreach (int i in fitted)
            {
                foreach (double factor in new[] { 1 + step, 1 / (1 + step) })
                {
                    double[] tried = [.. values];
                    tried[i] = Math.Min(tried[i] * factor, 1);
                    double loss = Loss(With(start, tried), rows);
                    if (loss < best - 1e-12)
                    {
                        (values, best, improved) = (tried, loss, true);
                    }
                }
            }

            step = improved ? step : step / 2;
        }

        return With(start, values);
    }

    private static double Loss(EfficiencySheet sheet, IReadOnlyCollection<PublishedRow> rows) => rows.Sum(row => Math.Pow(Math.Log(row.Foretell(sheet) / row.Seconds), 2));

    private static EfficiencySheet With(EfficiencySheet sheet, double[] values) => sheet with
    {
        Gemm = values[0],
        Convolution = values[1],
        Attention = [.. sheet.Attention.Select((kernel, index) => kernel with { Efficiency = values[index + 2] }).ToImmutableArray()],
    };
}
