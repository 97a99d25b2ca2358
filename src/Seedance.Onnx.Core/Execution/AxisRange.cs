using System.Runtime.InteropServices;

namespace Seedance.Onnx.Execution;

/// <summary>The lengths that an axis may have in one engine.</summary>
/// <param name="Min">The shortest, at least 1.</param>
/// <param name="Opt">The one that the engine is tuned for.</param>
/// <param name="Max">The longest.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AxisRange(long Min, long Opt, long Max)
{
    /// <summary>Whether the axis has one length only.</summary>
    public bool IsFixed => Min == Max;

    /// <summary>Whether 1 ≤ min ≤ opt ≤ max.</summary>
    public bool IsValid => Min >= 1 && Min <= Opt && Opt <= Max;

    /// <summary>A range of one length.</summary>
    /// <param name="length">The length, at least 1.</param>
    /// <returns>The range.</returns>
    public static AxisRange Fixed(long length) => new(length, length, length);

    /// <inheritdoc/>
    public override string ToString() => IsFixed ? $"{Min}" : $"[{Min}, {Opt}, {Max}]";
}
