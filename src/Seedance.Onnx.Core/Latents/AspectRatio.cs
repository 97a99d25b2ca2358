using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Seedance.Onnx.Latents;

/// <summary>The shape of a frame, written "16:9".</summary>
/// <param name="Width">The wide part, at least 1.</param>
/// <param name="Height">The high part, at least 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AspectRatio(int Width, int Height)
{
    /// <summary>Reads "16:9": two positive whole numbers around a colon.</summary>
    /// <param name="text">The text to read; null is not a ratio.</param>
    /// <param name="ratio">The ratio that was read; both parts 0 when the answer is false.</param>
    /// <returns>Whether <paramref name="text"/> is a ratio.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out AspectRatio ratio)
    {
        bool valid = SidePair.TryParse(text, ':', out int width, out int height);
        ratio = valid ? new AspectRatio(width, height) : default;
        return valid;
    }

    /// <summary>The size whose shape is nearest to this one, by the logarithm of the ratio, so that 2:1 is as far from 1:1 as 1:2 is.</summary>
    /// <param name="sizes">The sizes to choose from, at least one; the first of equals wins.</param>
    /// <returns>One of <paramref name="sizes"/>.</returns>
    /// <exception cref="InvalidOperationException"><paramref name="sizes"/> is empty.</exception>
    public VideoSize Nearest(IEnumerable<VideoSize> sizes)
    {
        double wanted = Math.Log((double)Width / Height);
        return sizes.MinBy(size => Math.Abs(Math.Log((double)size.Width / size.Height) - wanted));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Width}:{Height}");
}
