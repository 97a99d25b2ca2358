using System.Collections.Immutable;

namespace Seedance.Onnx.Latents;

/// <summary>
/// How pixels and frames relate to the latents of a pack's VAE. Nothing here is computed from another number of the pack: the
/// contract states it.
/// </summary>
/// <remarks>
/// With a causal first frame the VAE keeps the first frame by itself and then folds <see cref="TemporalStride"/> frames into each
/// latent frame, F = 1 + stride · (f − 1); without one, F = stride · f.
/// </remarks>
public sealed record LatentGeometry
{
    /// <summary>C: channels of a latent, at least 1.</summary>
    public required int Channels { get; init; }

    /// <summary>Frames to a latent frame, at least 1.</summary>
    public required int TemporalStride { get; init; }

    /// <summary>Pixels to a latent row or column, at least 1.</summary>
    public required int SpatialStride { get; init; }

    /// <summary>Whether the first latent frame holds one frame only.</summary>
    public required bool CausalFirstFrame { get; init; }

    /// <summary>The mean of each latent channel as the VAE makes it; [C]. The decoder gets z · std + mean.</summary>
    public required ImmutableArray<float> Mean { get; init; }

    /// <summary>The standard deviation of each latent channel as the VAE makes it; [C], above 0.</summary>
    public required ImmutableArray<float> Std { get; init; }

    private int Offset => CausalFirstFrame ? TemporalStride - 1 : 0;

    /// <summary>Whether a clip can have this many frames.</summary>
    /// <param name="frames">Frames of the clip.</param>
    /// <returns>True when the frames fill a whole number of latent frames, at least one.</returns>
    public bool IsValidFrames(int frames) => frames > 0 && ((long)frames + Offset) % TemporalStride == 0;

    /// <summary>The latent frames of a clip.</summary>
    /// <param name="frames">Frames of the clip, valid by <see cref="IsValidFrames"/>.</param>
    /// <returns>f, at least 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No clip has this many frames.</exception>
    public int LatentFrames(int frames) => IsValidFrames(frames)
        ? (int)(((long)frames + Offset) / TemporalStride)
        : throw new ArgumentOutOfRangeException(nameof(frames), frames, $"Frames must be {FramesRule}, but is {frames}.");

    /// <summary>The frames that latent frames decode to.</summary>
    /// <param name="latentFrames">f, at least 1.</param>
    /// <returns>F, frames of the clip.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="latentFrames"/> is below 1.</exception>
    public int Frames(int latentFrames)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(latentFrames, 1);
        return checked((latentFrames * TemporalStride) - Offset);
    }

    /// <summary>The latent frame that holds a frame.</summary>
    /// <param name="frame">Position in the clip, from 0.</param>
    /// <returns>Position among the latent frames, from 0.</returns>
    public int LatentFrameOf(int frame) => (frame + Offset) / TemporalStride;

    /// <summary>The frame at a place of a latent frame's group. A causal first frame is at all places of its own.</summary>
    /// <param name="latentFrame">Position among the latent frames, from 0.</param>
    /// <param name="place">0 to <see cref="TemporalStride"/> − 1.</param>
    /// <returns>Position in the clip, from 0.</returns>
    public int FrameAt(int latentFrame, int place) => Math.Max((latentFrame * TemporalStride) + place - Offset, 0);

    /// <summary>The valid frame count nearest to a wish.</summary>
    /// <param name="frames">The wish, in frames; may be fractional, zero or negative.</param>
    /// <param name="maxFrames">The most frames that may come out; at least <see cref="Frames"/> of one latent frame.</param>
    /// <returns>A valid count from one latent frame's up to <paramref name="maxFrames"/>; the larger of two that are equally near.</returns>
    public int NearestFrames(double frames, int maxFrames)
    {
        int most = (int)(((long)maxFrames + Offset) / TemporalStride);
        double nearest = Math.Floor(((frames + Offset) / TemporalStride) + 0.5);
        return Frames((int)Math.Clamp(nearest, 1, Math.Max(most, 1)));
    }

    /// <summary>The shape of the latents of a clip.</summary>
    /// <param name="size">The frame's size; both sides multiples of <see cref="SpatialStride"/>.</param>
    /// <param name="frames">Frames of the clip, valid by <see cref="IsValidFrames"/>.</param>
    /// <returns>[C, f, h, w].</returns>
    /// <exception cref="ArgumentOutOfRangeException">A side is off the grid, or no clip has this many frames.</exception>
    public LatentShape LatentsOf(VideoSize size, int frames) =>
        new(Channels, LatentFrames(frames), LatentSide(size.Height), LatentSide(size.Width));

    /// <summary>The size of the frames that latents decode to.</summary>
    /// <param name="latents">[C, f, h, w].</param>
    /// <returns>w and h times <see cref="SpatialStride"/>, in pixels.</returns>
    public VideoSize SizeOf(LatentShape latents) => new(checked(latents.Width * SpatialStride), checked(latents.Height * SpatialStride));

    /// <summary>The rule for frame counts in words: "1 + a multiple of 4".</summary>
    public string FramesRule => TemporalStride == 1 ? "at least 1"
        : CausalFirstFrame ? $"1 + a multiple of {TemporalStride}"
        : $"a multiple of {TemporalStride}";

    private int LatentSide(int pixels) => pixels > 0 && pixels % SpatialStride == 0
        ? pixels / SpatialStride
        : throw new ArgumentOutOfRangeException(nameof(pixels), pixels, $"A side must be a multiple of {SpatialStride} pixels, but is {pixels}.");
}
