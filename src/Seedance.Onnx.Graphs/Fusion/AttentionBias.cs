using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>The biases and masks of attention as one additive bias.</summary>
internal static class AttentionBias
{
    /// <summary>
    /// The least that a bias may be where it is made here. Added to a score it leaves nothing of it in single precision, so that the keys of a row that is masked
    /// throughout weigh the same, as they did; and it is neither an infinity, which cannot be multiplied, nor the lowest number, which some kernels take for one.
    /// </summary>
    public const float Lowest = -1e30f;

    /// <summary>The sum of all biases; null when there is none.</summary>
    public static string? Combine(GraphView graph, OnnxNode node, Rewriting rewriting, AttentionMatch match)
    {
        List<string> terms = [.. match.Biases];
        foreach (AttentionMask mask in match.Masks)
        {
            OnnxElementType type = graph.Constant(mask.Fill)!.ElementType;
            string zero = Number(graph, node, type, 0), fill = Number(graph, node, type, Math.Max(graph.Scalar(mask.Fill)!.Value, Lowest));
            terms.Add(rewriting.Add("Where", mask.FillsWhereTrue ? [mask.Condition, fill, zero] : [mask.Condition, zero, fill]));
        }

        return terms.Count == 0 ? null : terms.Aggregate((sum, term) => rewriting.Add("Add", [sum, term]));
    }

    private static string Number(GraphView graph, OnnxNode node, OnnxElementType type, double value)
    {
        string name = graph.NewName(node.Name, "fill");
        graph.Graph.Initializers.Set(HostArray.FromDoubles(type, [], [value]).ToTensor(name));
        return name;
    }

    /// <summary>The bias with queries and keys as its last two axes, as kernels want it; batch and heads may stay 1.</summary>
    public static string OverAllScores(GraphView graph, Rewriting rewriting, string bias, string query, string key)
    {
        if (graph.Shape(bias) is { Length: 4 } shape && shape[2] == graph.Shape(query)?[2] && shape[3] == graph.Shape(key)?[2])
        {
            return bias;
        }

        string Length(string value) => rewriting.Add("Slice", [rewriting.Add("Shape", [value]), rewriting.Integers(2), rewriting.Integers(3)]);
        return rewriting.Add("Expand", [bias, rewriting.Add("Concat", [rewriting.Integers(1, 1), Length(query), Length(key)], OnnxAttribute.Create("axis", 0))]);
    }

    /// <summary>Whether all biases depend on the key alone: [B, 1, 1, T], or less.</summary>
    public static bool IsOfKeysOnly(GraphView graph, AttentionMatch match) =>
        match.Biases.Concat(match.Masks.Select(mask => mask.Condition)).All(value => graph.Shape(value) is { } shape && shape.Reverse().Skip(1).Take(2).All(axis => axis.Length == 1));
}
