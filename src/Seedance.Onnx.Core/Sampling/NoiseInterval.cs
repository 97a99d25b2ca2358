using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Seedance.Onnx.Sampling;

/// <summary>A range of noise levels, written "0.2..0.8"; both ends belong to it.</summary>
/// <param name="Low">The lowest σ, from 0.</param>
/// <param name="High">The highest σ, up to 1 and not below <paramref name="Low"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NoiseInterval(double Low, double High)
{
    /// <summary>All noise levels.</summary>
    public static NoiseInterval All { get; } = new(0, 1);

    /// <summary>Whether a range is one: 0 ≤ low ≤ high ≤ 1.</summary>
    public bool IsValid => Low >= 0 && Low <= High && High <= 1;

    /// <summary>Whether a noise level lies in it.</summary>
    /// <param name="sigma">σ.</param>
    /// <returns>True for both ends too.</returns>
    public bool Contains(double sigma) => sigma >= Low && sigma <= High;

    /// <summary>Reads "0.2..0.8".</summary>
    /// <param name="text">The text; null is no range.</param>
    /// <param name="interval">The range, valid; <see cref="All"/> when the answer is false.</param>
    /// <returns>Whether it is a valid range.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out NoiseInterval interval)
    {
        string[] ends = (text ?? "").Split("..");
        interval = All;
        if (ends.Length != 2 || !TryNumber(ends[0], out double low) || !TryNumber(ends[1], out double high) || !new NoiseInterval(low, high).IsValid)
        {
            return false;
        }

        interval = new NoiseInterval(low, high);
        return true;

        static bool TryNumber(string end, out double number) => double.TryParse(end, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Low}..{High}");
}
