using System.Collections.Immutable;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Packs;

/// <summary>The clips that a pack makes.</summary>
public sealed record VideoContract
{
    /// <summary>The most frames that a video can have.</summary>
    public const int MostFrames = 1_000_000;

    /// <summary>Frames a second, at least 1.</summary>
    public required int Fps { get; init; }

    /// <summary>Both sides of a frame must be multiples of this many pixels; at least 1.</summary>
    public required int SizeMultiple { get; init; }

    /// <summary>The sizes that the pack was made for, at least one; the first is the default. Other sizes on the grid may work less well.</summary>
    public required ImmutableArray<VideoSize> Sizes { get; init; }

    /// <summary>The longest clip that the transformer makes at once, in frames.</summary>
    public required int MaxFrames { get; init; }

    /// <summary>The longest clip of a video that is longer than <see cref="MaxFrames"/>, in frames: such a video is made as several, each of which begins with the last frame of the one before. Null if the pack does not say: it makes no longer videos.</summary>
    public int? WindowFrames { get; init; }

    /// <summary>The longest video that can be asked for, in frames.</summary>
    public int LongestFrames => WindowFrames is null ? MaxFrames : MostFrames;

    /// <summary>The length of a clip when a request does not say, in frames.</summary>
    public required int DefaultFrames { get; init; }
}
