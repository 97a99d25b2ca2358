using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Requests;

/// <summary>What a resolution's name, such as "720p", comes to with a pack.</summary>
/// <param name="Sizes">The sizes that the transformer makes for it, at least one.</param>
/// <param name="Times">How many times larger the video's frames are.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct NamedResolution(ImmutableArray<VideoSize> Sizes, int Times)
{
    /// <summary>Finds it: as the pack's cascade says, or else among the sizes whose short side is within a fifth of the number.</summary>
    /// <param name="name">The name.</param>
    /// <param name="contract">The pack's contract.</param>
    /// <returns>Null where the pack cannot make it, or it is no such name.</returns>
    public static NamedResolution? Find(string name, PackContract contract)
    {
        VideoContract video = contract.Video;
        if (contract.Cascade is { } cascade && cascade.Resolutions.TryGetValue(name.ToLowerInvariant(), out int times))
        {
            return new NamedResolution(video.Sizes, times);
        }

        bool isName = name is [.., 'p' or 'P'];
        int side = isName && int.TryParse(name[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
        ImmutableArray<VideoSize> fitting = [.. video.Sizes.Where(size => side > 0 && Math.Abs(Math.Min(size.Width, size.Height) - side) <= side / 5)];
        return fitting.IsEmpty ? null : new NamedResolution(fitting, 1);
    }

    /// <summary>What a pack makes instead of a resolution that it does not.</summary>
    public static string Others(PackContract contract) => contract.Cascade is { } cascade
        ? $"Take {string.Join(", ", cascade.Resolutions.OrderBy(pair => pair.Value).Select(pair => pair.Key).Concat(contract.Video.Sizes.Select(size => size.ToString())))}."
        : $"Pack '{contract.Name}' makes {string.Join(", ", contract.Video.Sizes)}, and states no cascade to larger ones: take one of these, or a pack with an upscaler.";
}
