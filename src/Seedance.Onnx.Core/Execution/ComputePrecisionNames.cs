namespace Seedance.Onnx.Execution;

/// <summary>The names of precisions as packs, host files and commands write them.</summary>
public static class ComputePrecisionNames
{
    private static readonly string[] Rows = ["fp32", "fp16", "bf16"];

    /// <summary>Every name: fp32, fp16, bf16.</summary>
    public static IReadOnlyList<string> All => Rows;

    /// <summary>The name of a precision.</summary>
    /// <param name="precision">The precision.</param>
    /// <returns>Its name, lower case.</returns>
    public static string ToName(this ComputePrecision precision) => Rows[(int)precision];

    /// <summary>Reads a precision's name.</summary>
    /// <param name="name">One of <see cref="All"/>, in any case; anything else, null too, is no name.</param>
    /// <param name="precision">The precision; <see cref="ComputePrecision.Fp32"/> when the answer is false.</param>
    /// <returns>Whether it is a precision's name.</returns>
    public static bool TryParse(string? name, out ComputePrecision precision)
    {
        int index = Array.FindIndex(Rows, row => string.Equals(row, name, StringComparison.OrdinalIgnoreCase));
        precision = (ComputePrecision)Math.Max(index, 0);
        return index >= 0;
    }
}
