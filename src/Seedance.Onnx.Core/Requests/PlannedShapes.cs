using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>The lengths that decide the shapes of all graphs' inputs in one generation.</summary>
/// <param name="Latents">[C, f, h, w].</param>
/// <param name="Branches">B: texts that are guided between, 1 to 3.</param>
/// <param name="Tokens">S: tokens of the longest prompt.</param>
/// <param name="Keep">K: tensors that the solver keeps; 1 if not specified.</param>
/// <param name="Images">Images that are given; none if not specified.</param>
/// <param name="Upscale">How many times larger frames become; 1 if not specified.</param>
/// <param name="InWindows">Whether frames of one window may wait for their reader while the next one is made; false if not specified.</param>
/// <param name="SemanticFrames">Frames of the semantic tokens that are sampled for the whole video; 0, where none are, if not specified.</param>
public sealed record PlannedShapes(LatentShape Latents, int Branches, int Tokens, int Keep = 1, int Images = 0, int Upscale = 1, bool InWindows = false, int SemanticFrames = 0)
{
    /// <summary>The shapes of a plan; its prompts are not tokenised yet, so that they count as the longest that the pack reads.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="pack">The contract of the pack that it was made for.</param>
    /// <returns>The shapes.</returns>
    public static PlannedShapes Of(GenerationPlan plan, PackContract pack)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(pack);
        return new PlannedShapes(plan.Latents, plan.Branches.Length, pack.MaxTokens, plan.Solver.Keep,
            plan.Windows.Max(window => window.GivenFrames + plan.ConditionsOf(window).Count()), plan.Upscale, plan.Windows.Length > 1, plan.Semantics is { Source: null } semantics ? semantics.Tokens.Frames : 0);
    }

    /// <summary>A clip of the pack's own size, length and guidance, with a prompt of as many tokens as it reads and no more images than it must have.</summary>
    /// <param name="pack">The pack's contract.</param>
    /// <returns>The shapes.</returns>
    public static PlannedShapes Default(PackContract pack)
    {
        ArgumentNullException.ThrowIfNull(pack);
        SamplingDefaults sampling = pack.Sampled(undistilled: false).Sampling;
        return new PlannedShapes(pack.Latents.LatentsOf(pack.Video.Sizes[0], pack.Video.DefaultFrames), sampling.Guidance == 1 ? 1 : 2, pack.MaxTokens, Solvers.MostKept(sampling.Solver), pack.MinImages);
    }

    /// <summary>The least, the default and the most that a pack was made for.</summary>
    /// <param name="pack">The pack's contract.</param>
    /// <returns>Three sets of shapes; a request for a size that the pack does not list can lie outside.</returns>
    public static ImmutableArray<PlannedShapes> OfWhatCanBeAsked(PackContract pack)
    {
        ArgumentNullException.ThrowIfNull(pack);
        LatentGeometry latents = pack.Latents;
        ImmutableArray<VideoSize> sizes = pack.Video.Sizes;
        VideoSize least = new(sizes.Min(size => size.Width), sizes.Min(size => size.Height)), most = new(sizes.Max(size => size.Width), sizes.Max(size => size.Height));
        return
        [
            new PlannedShapes(latents.LatentsOf(least, latents.Frames(1)), 1, 1, Images: pack.MinImages),
            Default(pack),
            new PlannedShapes(latents.LatentsOf(most, pack.Video.MaxFrames), pack.TransformerChannels.Count(ChannelKind.Condition) > 0 ? 3 : 2, pack.MaxTokens, Enum.GetValues<SolverKind>().Max(Solvers.MostKept) + 1, pack.MaxImages), // and the velocity
        ];
    }

    /// <summary>The lengths of the semantic transformer's runs for the whole video.</summary>
    /// <param name="pack">The contract of a pack that has one.</param>
    /// <returns>The lengths.</returns>
    /// <exception cref="ArgumentException">The pack has none.</exception>
    public PlannedShapes OfSemantics(PackContract pack)
    {
        SamplingSettings sampling = pack?.Semantics?.Sampling ?? throw new ArgumentException("The pack must have semantics, but has none.", nameof(pack));
        return this with { Latents = Latents with { Frames = SemanticFrames }, Branches = sampling.Guidance == 1 ? 1 : 2, Keep = Solvers.MostKept(sampling.Solver) };
    }

    /// <summary>The shape of the semantic tokens of latents: as many frames.</summary>
    private static LatentShape TokensOf(LatentShape latents, PackContract pack)
    {
        LatentGeometry tokens = pack.Semantics!.Tokens;
        VideoSize size = pack.Latents.SizeOf(latents);
        return new LatentShape(tokens.Channels, latents.Frames, size.Height / tokens.SpatialStride, size.Width / tokens.SpatialStride);
    }

    /// <summary>The shape of each input of a graph.</summary>
    /// <param name="graph">The graph: one of the pack's, or what it is composed into.</param>
    /// <param name="pack">The contract of its pack.</param>
    /// <returns>The length of each axis, outermost first, by the input's canonical name; 0 for a length that follows from nothing here.</returns>
    public IReadOnlyDictionary<string, ImmutableArray<long>> InputsOf(GraphContract graph, PackContract pack)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(pack);
        return graph.Inputs.ToDictionary(
            input => input.Name,
            input => input.Name.StartsWith(ChunkMemory.PastPrefix, StringComparison.Ordinal)
                ? ChunkMemory.ShapeOf(graph, input, Latents)
                : input.Axes.Zip(Lengths(graph.Role, input.Name, pack), (axis, planned) => axis.Length ?? planned).ToImmutableArray(),
            StringComparer.Ordinal);
    }

    /// <summary>The lengths of a known tensor; its rank was checked when the pack was opened.</summary>
    private long[] Lengths(string role, string name, PackContract pack)
    {
        LatentShape sampled = role == GraphRoles.SemanticTransformer ? TokensOf(Latents, pack) : Latents;
        TransformerChannels channels = GraphRoles.Transformers.Contains(role) ? pack.ChannelsOf(role) : pack.TransformerChannels;
        long f = sampled.Frames, h = sampled.Height, w = sampled.Width;
        VideoSize size = pack.Latents.SizeOf(Latents);
        return (role, name) switch
        {
            (GraphRoles.Tokenizer, _) => [Branches],
            (GraphRoles.VaeDecoder or GraphRoles.ThinVaeDecoder, _) => [1, Latents.Channels, f, h, w],
            (GraphRoles.Reward, "encoder_hidden_states") => [1, Tokens, Features(GraphRoles.TextEncoder, pack)],
            (GraphRoles.Reward, "encoder_attention_mask") => [1, Tokens],
            // Images are the frames of one clip, or each a clip of its own.
            (GraphRoles.VaeEncoder, _) when pack.TransformerChannels.Absent == AbsentFrames.Zeros => [1, 3, 1, size.Height, size.Width],
            (GraphRoles.VaeEncoder or GraphRoles.SemanticEncoder or GraphRoles.Reward or GraphRoles.Upscaler, _) => [1, 3, pack.Latents.Frames(Latents.Frames), size.Height, size.Width],
            (GraphRoles.ImageEncoder, _) => [Images, 3, size.Height, size.Width],
            (_, ComposedTensors.State) => [Keep, sampled.Channels, f, h, w],
            (_, ComposedTensors.Weights) => [Keep, Keep + Branches + 1],
            (_, ComposedTensors.Noise) => [1, sampled.Channels, f, h, w],
            (_, ComposedTensors.Guidance) => [1, Branches + 1],
            (_, "mask") => [Branches, channels.Count(ChannelKind.Mask), f, h, w],
            (_, "condition") => [Branches, channels.Count(ChannelKind.Condition), f, h, w],
            (_, "hidden_states") => [Branches, channels.Total, f, h, w],
            (_, SemanticsContract.Input) => [Branches, pack.Semantics!.InputChannels, .. AxesOf(TokensOf(Latents, pack))],
            (_, "timestep") => [Branches],
            (_, "encoder_hidden_states") => [Branches, Tokens, Features(GraphRoles.TextEncoder, pack)],
            (_, "encoder_hidden_states_image") => [Branches, Images * Features(GraphRoles.ImageEncoder, pack, axis: 1), Features(GraphRoles.ImageEncoder, pack)],
            (_, "frame_shot_ids") => [Branches, f],
            _ => [Branches, Tokens],
        };
    }

    private static long[] AxesOf(LatentShape shape) => [shape.Frames, shape.Height, shape.Width];

    private static long Features(string role, PackContract pack, int axis = 2) => pack.FindGraph(role)?.FindOutput("last_hidden_state")?.Axes[axis].Length ?? 0;
}
