using System.Collections.Immutable;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Packs;

/// <summary>The clips that a pack makes.</summary>
public sealed record VideoContract
{
    /// <summary>Frames a second, at least 1.</summary>
    public required int Fps { get; init; }

    /// <summary>Both sides of a frame must be multiples of this many pixels; at least 1.</summary>
    public required int SizeMultiple { get; init; }

    /// <summary>The sizes that the pack was made for, at least one; the first is the default. Other sizes on the grid may work less well.</summary>
    public required ImmutableArray<VideoSize> Sizes { get; init; }

    /// <summary>The longest clip, in frames.</summary>
    public required int MaxFrames { get; init; }

    /// <summary>The length of a clip when a request does not say, in frames.</summary>
    public required int DefaultFrames { get; init; }
}
