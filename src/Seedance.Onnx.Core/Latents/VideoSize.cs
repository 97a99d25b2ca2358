using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Seedance.Onnx.Latents;

/// <summary>The size of a frame in pixels, written "96x64".</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct VideoSize(int Width, int Height)
{
    /// <summary>Reads "96x64": two positive whole numbers around an x.</summary>
    /// <param name="text">The text to read; null is not a size.</param>
    /// <param name="size">The size that was read; both sides 0 when the answer is false.</param>
    /// <returns>Whether <paramref name="text"/> is a size.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out VideoSize size)
    {
        bool valid = SidePair.TryParse(text, 'x', out int width, out int height);
        size = valid ? new VideoSize(width, height) : default;
        return valid;
    }

    /// <summary>The nearest size whose sides are both multiples of a grid step, at least one step each.</summary>
    /// <param name="multiple">The grid step in pixels, at least 1.</param>
    /// <returns>The size itself when it is on the grid already.</returns>
    public VideoSize NearestMultiple(int multiple) => new(Nearest(Width, multiple), Nearest(Height, multiple));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Width}x{Height}");

    private static int Nearest(int side, int multiple)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(multiple, 1);
        long nearest = ((long)side + (multiple / 2)) / multiple * multiple;
        return (int)Math.Clamp(nearest, multiple, int.MaxValue / multiple * multiple);
    }
}
