using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>Attention as ONNX's own operator of version 23: [B, heads, S, d] in and out, biases broadcast.</summary>
internal static class OnnxAttention
{
    public static bool Emit(GraphView graph, OnnxNode node, AttentionMatch match)
    {
        if (graph.Opset < 23)
        {
            return false;
        }

        Rewriting rewriting = graph.Rewrite(node);
        string key = match.KeyOrder is { } order ? rewriting.Add("Transpose", [match.Key], OnnxAttribute.Create("perm", order)) : match.Key;
        string? bias = AttentionBias.Combine(graph, node, rewriting, match);
        OnnxAttribute scale = OnnxAttribute.Create("scale", (float)match.Scale);
        if (match.Rank == 4)
        {
            string[] values = [match.Query, key, match.Value];
            rewriting.End("Attention", "", bias is null ? values : [.. values, AttentionBias.OverAllScores(graph, rewriting, bias, match.Query, key)], scale);
            return true;
        }

        // Batch and heads are one axis: each is taken as a batch of one head.
        string Unsqueeze(string value) => rewriting.Add("Unsqueeze", [value, rewriting.Integers(1)]);
        string[] inputs = [Unsqueeze(match.Query), Unsqueeze(key), Unsqueeze(match.Value)];
        string attention = rewriting.Add("Attention", bias is null ? inputs : [.. inputs, graph.Rank(bias) == 3 || match.Masks.Count > 0 ? Unsqueeze(bias) : bias], scale);
        rewriting.End("Squeeze", "", [attention, rewriting.Integers(1)]);
        return true;
    }
}
