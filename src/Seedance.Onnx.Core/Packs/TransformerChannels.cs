using System.Collections.Immutable;

namespace Seedance.Onnx.Packs;

/// <summary>How the channel axis of the transformer's hidden_states is laid out, first group first.</summary>
/// <param name="Groups">The groups; each kind at most once, "noisy" exactly once.</param>
public sealed record TransformerChannels(ImmutableArray<ChannelGroup> Groups)
{
    /// <summary>Cin: all channels together.</summary>
    public int Total => Groups.Sum(group => group.Channels);

    /// <summary>What condition channels hold for frames that nobody gave.</summary>
    public AbsentFrames Absent => Groups.FirstOrDefault(group => group.Kind == ChannelKind.Condition).Absent;

    /// <summary>The channels of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>How many there are; 0 when the transformer takes none of the kind.</returns>
    public int Count(ChannelKind kind) => Groups.Where(group => group.Kind == kind).Sum(group => group.Channels);

    /// <summary>Where the channels of a kind begin on the channel axis.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>The first channel; −1 when the transformer takes none of the kind.</returns>
    public int Offset(ChannelKind kind) => Count(kind) == 0
        ? -1
        : Groups.TakeWhile(group => group.Kind != kind).Sum(group => group.Channels);
}
