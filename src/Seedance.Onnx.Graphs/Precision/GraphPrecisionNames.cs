namespace Seedance.Onnx.Graphs.Precision;

/// <summary>The names of precisions, as people write them.</summary>
public static class GraphPrecisionNames
{
    private static readonly (GraphPrecision Precision, string Name)[] Known =
    [
        (GraphPrecision.Float32, "fp32"), (GraphPrecision.Float16, "fp16"), (GraphPrecision.Int8, "int8"), (GraphPrecision.Weights8, "int8-weights"), (GraphPrecision.Weights4, "int4"),
    ];

    /// <summary>Every name: fp32, fp16, int8 (8-bit products), int8-weights, int4 (both for storage only).</summary>
    public static IReadOnlyList<string> All { get; } = [.. Known.Select(known => known.Name)];

    /// <summary>The name of a precision.</summary>
    /// <param name="precision">The precision.</param>
    /// <returns>Its name.</returns>
    public static string ToName(this GraphPrecision precision) => Known.First(known => known.Precision == precision).Name;

    /// <summary>Reads a precision's name.</summary>
    /// <param name="name">One of <see cref="All"/>, in any case; anything else, null too, is no name.</param>
    /// <param name="precision">The precision; <see cref="GraphPrecision.Float32"/> when the answer is false.</param>
    /// <returns>Whether it is a precision's name.</returns>
    public static bool TryParse(string? name, out GraphPrecision precision)
    {
        int index = Array.FindIndex(Known, known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase));
        precision = index < 0 ? default : Known[index].Precision;
        return index >= 0;
    }
}
