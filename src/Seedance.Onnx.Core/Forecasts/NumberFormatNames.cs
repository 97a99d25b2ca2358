namespace Seedance.Onnx.Forecasts;

/// <summary>The names of number formats as data files and commands write them, and how wide they are.</summary>
public static class NumberFormatNames
{
    private static readonly string[] Rows = ["fp32", "fp16", "bf16", "fp8", "int8"];

    /// <summary>Every name.</summary>
    public static IReadOnlyList<string> All => Rows;

    /// <summary>The name of a format.</summary>
    /// <param name="format">The format.</param>
    /// <returns>Its name, lower case.</returns>
    public static string ToName(this NumberFormat format) => Rows[(int)format];

    /// <summary>Reads a format's name.</summary>
    /// <param name="name">One of <see cref="All"/>; anything else, null too, is no name.</param>
    /// <param name="format">The format; <see cref="NumberFormat.Fp32"/> when the answer is false.</param>
    /// <returns>Whether it is a format's name.</returns>
    public static bool TryParse(string? name, out NumberFormat format)
    {
        int index = Array.IndexOf(Rows, name);
        format = (NumberFormat)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Bytes of a weight.</summary>
    internal static int WeightBytes(this NumberFormat format) => format switch
    {
        NumberFormat.Fp32 => 4,
        NumberFormat.Fp16 or NumberFormat.Bf16 => 2,
        _ => 1,
    };

    /// <summary>What everything but the products of weights is computed in.</summary>
    internal static NumberFormat Activations(this NumberFormat format) => format is NumberFormat.Fp8 or NumberFormat.Integer8 ? NumberFormat.Bf16 : format;
}
