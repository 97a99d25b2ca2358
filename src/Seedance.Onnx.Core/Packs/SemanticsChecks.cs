using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Packs;

/// <summary>Whether what a contract says of semantic tokens fits together: the section, the graphs that make them, and the transformers that follow them.</summary>
internal static class SemanticsChecks
{
    private const string Path = $"{ContractReader.FileName}: $";

    public static void Check(PackContract contract, List<string> problems)
    {
        GraphContract[] followers = [.. GraphRoles.Transformers.Select(contract.FindGraph).OfType<GraphContract>().Where(graph => graph.FindInput(SemanticsContract.Input) is not null)];
        GraphContract? maker = contract.FindGraph(GraphRoles.SemanticTransformer), encoder = contract.FindGraph(GraphRoles.SemanticEncoder);
        (string Name, bool IsThere)[] parts = [("semantics", contract.Semantics is not null), ($"graphs.{GraphRoles.SemanticTransformer}", maker is not null), ($"a transformer's input {SemanticsContract.Input}", followers.Length > 0)];
        if (parts.Select(part => part.IsThere).Distinct().Count() > 1)
        {
            problems.Add($"{Path} must have semantics, a graph {GraphRoles.SemanticTransformer} and a transformer with an input {SemanticsContract.Input} together, but has only {string.Join(" and ", parts.Where(part => part.IsThere).Select(part => part.Name))}. Add the rest, or remove it.");
        }

        if (contract.Semantics is not { } semantics)
        {
            if (encoder is not null)
            {
                problems.Add($"{Path}.graphs.{GraphRoles.SemanticEncoder} must be left out without semantics, but is there. Remove it, or add the section.");
            }

            return;
        }

        CheckRate(contract, semantics.Tokens, problems);
        ContractChecks.CheckChannels("semantics.", semantics.TransformerChannels, semantics.Tokens, "semantics", problems);
        if (semantics.TransformerChannels.Count(ChannelKind.Mask) > 1)
        {
            problems.Add($"{Path}.semantics.transformer_channels must have 1 channel of kind mask, but has {semantics.TransformerChannels.Count(ChannelKind.Mask)}.");
        }

        if (semantics.TransformerChannels.Absent == AbsentFrames.Grey)
        {
            problems.Add($"{Path}.semantics.transformer_channels must have absent zeros, because a whole video is too long to be encoded at once, but has grey.");
        }

        int width = semantics.Tokens.Channels;
        CheckWidth(maker, "hidden_states", semantics.TransformerChannels.Total, "as its transformer_channels say", problems);
        CheckWidth(maker, "out_hidden_states", width, "as wide as semantics.channels", problems);
        CheckWidth(encoder, "sample", 3, "the colours of frames", problems);
        CheckWidth(encoder, "semantic_parameters", 2 * width, $"mean and log-variance of tokens of the width semantics.channels, {width}", problems);
        foreach (GraphContract follower in followers)
        {
            CheckWidth(follower, SemanticsContract.Input, semantics.InputChannels, $"1 where there is a token, and tokens of the width semantics.channels, {width}", problems);
        }
    }

    /// <summary>Every window begins at a latent frame, and takes whole tokens with it.</summary>
    private static void CheckRate(PackContract contract, LatentGeometry tokens, List<string> problems)
    {
        LatentGeometry latents = contract.Latents;
        if (tokens.TemporalStride != latents.TemporalStride)
        {
            problems.Add($"{Path}.semantics.temporal_stride must be {latents.TemporalStride} frames to a token, as latents.temporal_stride has it, but is {tokens.TemporalStride}. Use an encoder of that rate.");
        }

        if (tokens.SpatialStride % latents.SpatialStride != 0 || contract.Video.SizeMultiple % tokens.SpatialStride != 0)
        {
            problems.Add($"{Path}.semantics.spatial_stride must be a multiple of latents.spatial_stride {latents.SpatialStride} that divides video.size_multiple {contract.Video.SizeMultiple}, but is {tokens.SpatialStride}. Use an encoder of that rate.");
        }
    }

    /// <summary>Where the channel axis has a fixed length, it must be the one that the contract states; both shapes are told.</summary>
    private static void CheckWidth(GraphContract? graph, string name, int expected, string why, List<string> problems)
    {
        (string side, TensorContract? tensor) = graph?.FindInput(name) is { } input ? ("inputs", input) : ("outputs", graph?.FindOutput(name));
        if (tensor is { Axes: [_, { Length: { } length }, ..] } && length != expected)
        {
            problems.Add($"{Path}.graphs.{graph!.Role}.{side}.{name} must be {tensor with { Axes = tensor.Axes.SetItem(1, TensorAxis.Fixed(expected)) }}, {why}, but is {tensor}.");
        }
    }
}
