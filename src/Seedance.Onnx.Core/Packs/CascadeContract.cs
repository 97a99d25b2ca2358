using System.Collections.Immutable;

namespace Seedance.Onnx.Packs;

/// <summary>How a pack makes frames larger than those that its transformer makes: with its upscaler, once or twice.</summary>
public sealed record CascadeContract
{
    /// <summary>How many times larger the upscaler makes both sides, at least 2.</summary>
    public required int Scale { get; init; }

    /// <summary>The resolutions that can be asked for by name, such as "720p": how many times larger than the pack's <see cref="VideoContract.Sizes"/> their frames are. 1, <see cref="Scale"/> or its square.</summary>
    public required ImmutableSortedDictionary<string, int> Resolutions { get; init; }

    /// <summary>How often the upscaler is run, one pass behind the other.</summary>
    /// <param name="times">How many times larger both sides become.</param>
    /// <returns>0 to 2; null where the pack makes no frame so many times larger.</returns>
    public int? PassesTo(int times) => times == 1 ? 0 : times == Scale ? 1 : times == Scale * Scale ? 2 : null;
}
