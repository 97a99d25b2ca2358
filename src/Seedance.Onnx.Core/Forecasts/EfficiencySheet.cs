using System.Collections.Immutable;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>Which shares of a device's peaks software reaches, a number for each class of operators, and how well that explains what was measured elsewhere.</summary>
public sealed record EfficiencySheet
{
    /// <summary>The sheet's name, for example "cuda"; a device says which one is its own.</summary>
    public required string Name { get; init; }

    /// <summary>Where the numbers come from.</summary>
    public required string Source { get; init; }

    /// <summary>The share of the peak that products with weights reach.</summary>
    public required double Gemm { get; init; }

    /// <summary>The share of the peak that convolutions reach.</summary>
    public required double Convolution { get; init; }

    /// <summary>The share of the memory's bandwidth that is reached.</summary>
    public required double Memory { get; init; }

    /// <summary>Ways to compute attention, the one that this runtime takes first.</summary>
    public required ImmutableArray<AttentionKernel> Attention { get; init; }

    /// <summary>The published or measured rows that the numbers were fitted to.</summary>
    public required int Rows { get; init; }

    /// <summary>The median, over those rows, of how far a forecast is off when the row itself was left out: 0.15 for 15 %.</summary>
    public required double MedianError { get; init; }

    /// <summary>The largest of them.</summary>
    public required double LargestError { get; init; }

    /// <summary>The sheets that come with this library.</summary>
    public static ImmutableArray<EfficiencySheet> All => Data.Efficiencies.Value;

    /// <summary>A way to compute attention by its name.</summary>
    /// <param name="name">The name; null for the first.</param>
    /// <returns>The kernel.</returns>
    /// <exception cref="InvalidRequestException">There is none of this name.</exception>
    public AttentionKernel FindAttention(string? name) => name is null
        ? Attention[0]
        : Attention.FirstOrDefault(kernel => kernel.Name == name)
            ?? throw new InvalidRequestException([$"Attention must be one of {string.Join(", ", Attention.Select(kernel => kernel.Name))} on this device, but is '{name}'. Choose one of them."]);

    internal static EfficiencySheet Read(JsonFields fields)
    {
        EfficiencySheet sheet = new()
        {
            Name = fields.Text("name"),
            Source = fields.Text("source"),
            Gemm = fields.Number("gemm", 0, 1),
            Convolution = fields.Number("convolution", 0, 1),
            Memory = fields.Number("memory", 0, 1),
            Attention = [.. fields.FieldsList("attention").Select(ReadKernel)],
            Rows = fields.Whole("rows", 0, 1000),
            MedianError = fields.Number("median_error", 0, 10, orEqual: true),
            LargestError = fields.Number("largest_error", 0, 10, orEqual: true),
        };
        fields.Close();
        return sheet;
    }

    private static AttentionKernel ReadKernel(JsonFields fields)
    {
        string format = fields.Text("format", $"one of {string.Join(", ", NumberFormatNames.All)}", NumberFormatNames.All.Contains, ifMissing: "");
        AttentionKernel kernel = new(
            fields.Text("name"),
            fields.Number("efficiency", 0, 1),
            NumberFormatNames.TryParse(format, out NumberFormat known) ? known : null,
            fields.Flag("current_instructions"),
            fields.Number("exponential_cost", 0, 100, orEqual: true));
        fields.Close();
        return kernel;
    }

    /// <summary>What is embedded in this library; a fault in it is a fault of the build.</summary>
    private static class Data
    {
        public static readonly Lazy<ImmutableArray<EfficiencySheet>> Efficiencies = new(() =>
            ForecastFiles.ReadEmbedded("efficiencies.json", static root => root.FieldsList("sheets").Select(Read).ToImmutableArray()));
    }
}
