using System.Collections.Immutable;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Graphs.Composition;

/// <summary>What the step graph is composed for.</summary>
public sealed record StepGraphOptions
{
    /// <summary>How the channel axis of the transformer's input is laid out: its "noisy" group is the state, each other group becomes an input of its own.</summary>
    public required TransformerChannels Channels { get; init; }

    /// <summary>K: kept tensors of the solver's plan, at least 1; null for any number, as many as "state" has. If not specified, 1.</summary>
    public int? Keep { get; init; } = 1;

    /// <summary>G: guided branches of the solver's plan, at least 1; null for any number, as many as "timestep" has. If not specified, 1.</summary>
    public int? Branches { get; init; } = 1;

    /// <summary>Whether the plan adds fresh noise, so that the graph has an input for it. If not specified, false: the last column of the weights is not read.</summary>
    public bool UsesNoise { get; init; }

    /// <summary>Whether steps of the plan may rescale their guidance, so that the graph has an input for it. If not specified, false.</summary>
    public bool RescalesGuidance { get; init; }

    /// <summary>Whether the branches' velocities come out as well. If not specified, false.</summary>
    public bool EmitsVelocity { get; init; }

    /// <summary>The name of the transformer's input for latents and conditions. If not specified, optimum's: "hidden_states".</summary>
    public string HiddenStates { get; init; } = "hidden_states";

    /// <summary>The name of the transformer's input for the timestep. If not specified, optimum's: "timestep".</summary>
    public string Timestep { get; init; } = "timestep";

    /// <summary>The name of the transformer's output, the velocity. If not specified, optimum's: "out_hidden_states".</summary>
    public string Velocity { get; init; } = "out_hidden_states";

    internal IReadOnlyList<string> FindProblems()
    {
        List<string> problems = [];
        if (Keep < 1)
        {
            problems.Add($"Keep must be at least 1, but is {Keep}.");
        }

        if (Branches < 1)
        {
            problems.Add($"Branches must be at least 1, but is {Branches}.");
        }

        ImmutableArray<ChannelGroup> groups = Channels.Groups;
        if (groups.Count(group => group.Kind == ChannelKind.Noisy) != 1 || groups.Any(group => group.Channels < 1))
        {
            problems.Add($"Channels must have one noisy group, and at least one channel a group, but are {string.Join(" | ", groups)}.");
        }

        return problems;
    }
}
