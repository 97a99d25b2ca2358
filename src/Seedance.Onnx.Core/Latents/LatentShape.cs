using System.Globalization;
using System.Runtime.InteropServices;

namespace Seedance.Onnx.Latents;

/// <summary>The shape of one clip's latents: [C, f, h, w].</summary>
/// <param name="Channels">C: latent channels.</param>
/// <param name="Frames">f: latent frames.</param>
/// <param name="Height">h: latent rows.</param>
/// <param name="Width">w: latent columns.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LatentShape(int Channels, int Frames, int Height, int Width)
{
    /// <summary>How many values the latents have: C · f · h · w.</summary>
    public long Length => (long)Channels * Frames * Height * Width;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Channels}, {Frames}, {Height}, {Width}]");
}
