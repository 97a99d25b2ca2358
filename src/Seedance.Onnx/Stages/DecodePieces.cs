using System.Runtime.InteropServices;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Stages;

/// <summary>
/// How much of a clip is decoded at once. Chunks of frames give the same frames whatever their length; tiles that are smaller than the frame overlap by a
/// quarter and are blended there, so that frames differ a little from those that are decoded whole.
/// </summary>
/// <param name="Frames">Latent frames of a chunk, at least 1; all of them where the decoder remembers nothing.</param>
/// <param name="Height">Latent rows of a tile.</param>
/// <param name="Width">Latent columns of a tile.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DecodePieces(int Frames, int Height, int Width)
{
    /// <summary>Latent frames of a chunk where memory is no matter: a clip of two seconds is decoded before its file is begun, which takes a processor.</summary>
    private const int DefaultFrames = 6;

    /// <summary>Tiles do not get smaller than this, in latent rows and columns: their edges would be most of them.</summary>
    private const int LeastSide = 4;

    /// <summary>Every way to cut a clip, those that take the most memory first.</summary>
    /// <param name="latents">The clip's latents.</param>
    /// <param name="inChunks">Whether the decoder remembers.</param>
    /// <returns>At least one way.</returns>
    public static IEnumerable<DecodePieces> Of(LatentShape latents, bool inChunks)
    {
        (int height, int width) = (latents.Height, latents.Width);
        while (true)
        {
            for (int frames = inChunks ? Math.Min(DefaultFrames, latents.Frames) : latents.Frames; frames >= (inChunks ? 1 : latents.Frames); frames--)
            {
                yield return new DecodePieces(frames, height, width);
            }

            if (Math.Max(height, width) <= LeastSide)
            {
                yield break;
            }

            (height, width) = height > width ? (Smaller(height), width) : (height, Smaller(width));
        }
    }

    /// <summary>Where tiles begin so that they cover a side, each but the first in the one before by a quarter or more.</summary>
    /// <param name="side">The side's length.</param>
    /// <param name="tile">The tile's.</param>
    /// <returns>Positions from 0, ascending.</returns>
    public static IEnumerable<int> Starts(int side, int tile)
    {
        int stride = tile - Math.Max(1, tile / 4);
        for (int start = 0; ; start += stride)
        {
            if (start + tile >= side)
            {
                yield return Math.Max(side - tile, 0);
                yield break;
            }

            yield return start;
        }
    }

    // Five eighths: two of them cover the side before.
    private static int Smaller(int side) => Math.Max(LeastSide, ((5 * side) + 7) / 8);
}
