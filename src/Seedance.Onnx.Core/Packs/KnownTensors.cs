using System.Collections.Immutable;
using System.Globalization;

namespace Seedance.Onnx.Packs;

/// <summary>
/// The tensors that the runtime knows how to feed and fetch, by role: optimum's names, and ours for what optimum has no name for.
/// </summary>
internal static class KnownTensors
{
    private static readonly (Known[] Inputs, Known[] Outputs) Decoder = (
        [new("latent_sample", Kind.Reals, 5), new(ChunkMemory.PastPrefix + "0", Kind.Reals, 5, Required: false)],
        [new("sample", Kind.Reals, 5), new(ChunkMemory.PresentPrefix + "0", Kind.Reals, 5, Required: false)]);

    private static readonly (Known[] Inputs, Known[] Outputs) SemanticTransformer = (
        [
            new("hidden_states", Kind.Reals, 5), new("timestep", Kind.Reals, 1), new("encoder_hidden_states", Kind.Reals, 3),
            new("encoder_attention_mask", Kind.Ids, 2, Required: false), new("encoder_shot_ids", Kind.Ids, 2, Required: false),
            new("frame_shot_ids", Kind.Ids, 2, Required: false),
        ],
        [new("out_hidden_states", Kind.Reals, 5)]);

    private static readonly (Known[] Inputs, Known[] Outputs) Transformer = (
        [
            .. SemanticTransformer.Inputs, new("encoder_hidden_states_image", Kind.Reals, 3, Required: false), new(SemanticsContract.Input, Kind.Reals, 5, Required: false),
        ],
        SemanticTransformer.Outputs);

    private static readonly ImmutableDictionary<string, (Known[] Inputs, Known[] Outputs)> ByRole =
        new Dictionary<string, (Known[] Inputs, Known[] Outputs)>(StringComparer.Ordinal)
        {
            [GraphRoles.Tokenizer] = (
                [new("text", Kind.Text, 1)],
                [new("input_ids", Kind.Ids, 2), new("attention_mask", Kind.Ids, 2), new("shot_ids", Kind.Ids, 2, Required: false)]),
            [GraphRoles.TextEncoder] = (
                [new("input_ids", Kind.Ids, 2), new("attention_mask", Kind.Ids, 2), new("shot_ids", Kind.Ids, 2, Required: false)],
                [new("last_hidden_state", Kind.Reals, 3)]),
            [GraphRoles.ImageEncoder] = (
                [new("pixel_values", Kind.Reals, 4)],
                [new("last_hidden_state", Kind.Reals, 3)]),
            [GraphRoles.Transformer] = Transformer,
            [GraphRoles.SecondTransformer] = Transformer,
            [GraphRoles.DistilledTransformer] = Transformer,
            [GraphRoles.SemanticEncoder] = ([new("sample", Kind.Reals, 5)], [new("semantic_parameters", Kind.Reals, 5)]),
            [GraphRoles.SemanticTransformer] = SemanticTransformer,
            [GraphRoles.VaeEncoder] = ([new("sample", Kind.Reals, 5)], [new("latent_parameters", Kind.Reals, 5)]),
            [GraphRoles.VaeDecoder] = Decoder,
            [GraphRoles.ThinVaeDecoder] = Decoder,
            [GraphRoles.Upscaler] = ([new("sample", Kind.Reals, 5)], [new("upscaled", Kind.Reals, 5)]),
            [GraphRoles.Reward] = (
                [new("sample", Kind.Reals, 5), new("encoder_hidden_states", Kind.Reals, 3), new("encoder_attention_mask", Kind.Ids, 2, Required: false)],
                [new("scores", Kind.Reals, 2)]),
        }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>Adds what is wrong with the names, types and ranks of a graph's tensors.</summary>
    public static void Check(GraphContract graph, List<string> problems)
    {
        (Known[] inputs, Known[] outputs) = ByRole[graph.Role];
        Check(graph.Role, "inputs", graph.Inputs, inputs, problems);
        Check(graph.Role, "outputs", graph.Outputs, outputs, problems);
    }

    private static void Check(string role, string side, ImmutableArray<TensorContract> tensors, Known[] known, List<string> problems)
    {
        string path = $"{ContractReader.FileName}: $.graphs.{role}.{side}";
        foreach (TensorContract tensor in tensors)
        {
            Known? match = known.FirstOrDefault(candidate => candidate.Name == FirstOf(tensor.Name));
            if (match is null)
            {
                problems.Add($"{path}.{tensor.Name} must be a known tensor, but is not. Remove it, or write one of: {string.Join(", ", known.Select(k => k.Name))}.");
            }
            else if (!match.Fits(tensor))
            {
                problems.Add($"{path}.{tensor.Name} must be {match}, but is {tensor}.");
            }
        }

        foreach (Known missing in known.Where(k => k.Required && tensors.All(tensor => tensor.Name != k.Name)))
        {
            problems.Add($"{path}.{missing.Name} must be {missing}, but is missing.");
        }

        foreach (string twice in tensors.GroupBy(tensor => tensor.FileName).Where(group => group.Count() > 1).Select(group => group.Key))
        {
            problems.Add($"{path} must name each tensor of the file once, but has '{twice}' more often.");
        }
    }

    /// <summary>Numbered tensors are known by the first of them: past_7 by past_0.</summary>
    private static string FirstOf(string name)
    {
        int digits = name.LastIndexOf('_') + 1;
        bool numbered = name[..digits] is ChunkMemory.PastPrefix or ChunkMemory.PresentPrefix && int.TryParse(name[digits..], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        return numbered ? name[..digits] + "0" : name;
    }

    private enum Kind
    {
        Text,
        Ids,
        Reals,
    }

    private sealed record Known(string Name, Kind Kind, int Rank, bool Required = true)
    {
        public bool Fits(TensorContract tensor) => tensor.Axes.Length == Rank && Kind switch
        {
            Kind.Text => tensor.ElementType == ElementType.Text,
            Kind.Ids => tensor.ElementType == ElementType.Int64,
            _ => tensor.ElementType.IsFloat(),
        };

        public override string ToString() =>
            $"{(Kind switch { Kind.Text => "string", Kind.Ids => "int64", _ => "floating-point" })} with {Rank} {(Rank == 1 ? "axis" : "axes")}";
    }
}
