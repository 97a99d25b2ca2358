using System.Collections.Immutable;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Packs;

/// <summary>
/// What a pack states about itself in seedance.json: everything that the runtime must know and no graph can tell. Immutable.
/// </summary>
public sealed record PackContract
{
    /// <summary>The version of the contract that this runtime reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The most images that a pack can speak of.</summary>
    public const int MostImages = 1024;

    /// <summary>The pack's name, for example "seedance-mini".</summary>
    public required string Name { get; init; }

    /// <summary>The pack's version.</summary>
    public required string Version { get; init; }

    /// <summary>The licence of its weights, an SPDX name.</summary>
    public required string License { get; init; }

    /// <summary>One line about it.</summary>
    public required string Description { get; init; }

    /// <summary>How frames and pixels relate to latents.</summary>
    public required LatentGeometry Latents { get; init; }

    /// <summary>Sizes, frame rate and lengths.</summary>
    public required VideoContract Video { get; init; }

    /// <summary>How frames become larger than those of <see cref="Video"/>; null where the pack does not say.</summary>
    public CascadeContract? Cascade { get; init; }

    /// <summary>Solver, steps and guidance.</summary>
    public required SamplingDefaults Sampling { get; init; }

    /// <summary>S at most: the tokens of a prompt that the text encoder reads.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>The shots that a video of the pack can have, 1 to 64; 1 if the pack does not say: its transformer then takes a prompt as one text.</summary>
    public int MaxShots { get; init; } = 1;

    /// <summary>The fewest images that a video is made with, 0 to <see cref="MostImages"/>; 0 if the pack does not say: it makes videos of words alone.</summary>
    public int MinImages { get; init; }

    /// <summary>The most images that a video is made with, 1 to <see cref="MostImages"/>; that many if the pack does not say.</summary>
    public int MaxImages { get; init; } = MostImages;

    /// <summary>What the transformer takes on its channel axis.</summary>
    public required TransformerChannels TransformerChannels { get; init; }

    /// <summary>The semantic tokens that its transformer follows; null for a pack whose transformer follows none.</summary>
    public SemanticsContract? Semantics { get; init; }

    /// <summary>What the pack advises to run its graphs on, where neither caller nor host says otherwise; nothing if the pack does not say.</summary>
    public ExecutionTarget Execution { get; init; } = ExecutionTarget.Unspecified;

    /// <summary>The graphs by role.</summary>
    public required ImmutableSortedDictionary<string, GraphContract> Graphs { get; init; }

    /// <summary>The sha256 of every file but seedance.json and README.md, lower-case hexadecimal, by relative path with forward slashes.</summary>
    public required ImmutableSortedDictionary<string, string> Files { get; init; }

    /// <summary>The roles of the graphs that make a video of a text where a request says nothing, in the order in which they run.</summary>
    public IEnumerable<string> RunRoles => GraphRoles.All.Where(role => role switch
    {
        GraphRoles.Transformer => !Graphs.ContainsKey(GraphRoles.DistilledTransformer),
        GraphRoles.SecondTransformer or GraphRoles.DistilledTransformer => Graphs.ContainsKey(role),
        GraphRoles.SemanticTransformer => Sampled(undistilled: false).FollowsSemantics,
        _ => GraphRoles.Required.Contains(role),
    });

    /// <summary>The contract without a distilled transformer.</summary>
    /// <returns>The same where there is none.</returns>
    public PackContract WithoutDistilled() => Sampling.Distilled is null ? this : this with { Graphs = Graphs.Remove(GraphRoles.DistilledTransformer), Sampling = Sampling with { Distilled = null } };

    /// <summary>The contract as a request has it: sampled by the distilled transformer, where the pack has one.</summary>
    /// <param name="undistilled">Whether the request wants the transformer that it was distilled from.</param>
    /// <returns>The contract with what holds in <see cref="Sampling"/>.</returns>
    public PackContract Sampled(bool undistilled) => undistilled || Sampling.Distilled is not { } distilled ? this : this with
    {
        Sampling = Sampling with { Solver = distilled.Solver, Steps = distilled.Steps, Guidance = distilled.Guidance, Transformer = GraphRoles.DistilledTransformer },
    };

    /// <summary>The roles of the graphs that a video with images runs besides, in the order in which they run.</summary>
    public IEnumerable<string> ImageRoles => TakesImageFeatures ? [GraphRoles.ImageEncoder, GraphRoles.VaeEncoder] : [GraphRoles.VaeEncoder];

    /// <summary>Whether the transformer that <see cref="Sampling"/> names makes latents after semantic tokens.</summary>
    public bool FollowsSemantics => FindGraph(Sampling.Transformer)?.FindInput(SemanticsContract.Input) is not null;

    /// <summary>What a graph that gives a velocity takes on its channel axis.</summary>
    /// <param name="role">One of <see cref="GraphRoles.Transformers"/>.</param>
    /// <returns>The layout.</returns>
    public TransformerChannels ChannelsOf(string role) => role == GraphRoles.SemanticTransformer ? Semantics!.TransformerChannels : TransformerChannels;

    /// <summary>Whether the transformer looks at what the image encoder makes of the images, besides their latents.</summary>
    public bool TakesImageFeatures => FindGraph(GraphRoles.Transformer)?.FindInput("encoder_hidden_states_image") is not null;

    /// <summary>What the pack does, or lacks, so that a clip cannot go on from a frame that is given; null where it can.</summary>
    internal string? WhyNotOn =>
        FindGraph(GraphRoles.VaeEncoder) is null ? $"has no graph '{GraphRoles.VaeEncoder}'"
        : TransformerChannels.Count(ChannelKind.Condition) == 0 ? "has no condition channels"
        : !Latents.CausalFirstFrame && Latents.TemporalStride > 1 ? "puts several frames into its first latent frame"
        : MinImages > 1 ? $"makes videos with {MinImages} images or more" : null;

    /// <summary>A graph by its role.</summary>
    /// <param name="role">One of <see cref="GraphRoles.All"/>.</param>
    /// <returns>The graph; null when the pack has none for it.</returns>
    public GraphContract? FindGraph(string role) => Graphs.GetValueOrDefault(role);
}
