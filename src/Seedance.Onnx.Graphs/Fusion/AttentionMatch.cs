using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Attention, softmax(scale · q kᵀ + bias) · v (Vaswani et al., 2017), as exporters write it: the scale on q, on k, on both or on the scores, biases added,
/// masks filled in, k transposed in one move or two.
/// </summary>
/// <param name="Query">q: [B, heads, S, d], or [B · heads, S, d].</param>
/// <param name="Key">k, its axes in whatever order.</param>
/// <param name="KeyOrder">How <paramref name="Key"/> must be transposed to be laid out like q; null when it is.</param>
/// <param name="Value">v, laid out like q.</param>
/// <param name="Scale">The factor on q kᵀ.</param>
/// <param name="Biases">What is added to the scores, each broadcast to [B, heads, S, T].</param>
/// <param name="Masks">What fills scores in.</param>
/// <param name="Rank">4 or 3.</param>
internal sealed record AttentionMatch(string Query, string Key, long[]? KeyOrder, string Value, double Scale, IReadOnlyList<string> Biases, IReadOnlyList<AttentionMask> Masks, int Rank)
{
    /// <summary>A score that is filled in with at most this vanishes behind the softmax as surely as −∞: single precision absorbs what was there.</summary>
    private const double Vanishing = -1e9;

    public static AttentionMatch? Find(GraphView graph, OnnxNode node)
    {
        if (!GraphView.Is(node, "MatMul") || !graph.IsSingleOrHalf(node.Outputs[0]) || graph.Maker(Unwrap(graph, node.Inputs[0]), "Softmax") is not { } softmax || graph.Rank(node.Inputs[0]) is not (3 or 4) || graph.Rank(node.Inputs[1]) != graph.Rank(node.Inputs[0]))
        {
            return null;
        }

        int rank = graph.Rank(node.Inputs[0])!.Value;
        long axis = softmax.Int("axis", graph.Opset >= 13 ? -1 : 1);
        double scale = 1;
        List<string> biases = [];
        List<AttentionMask> masks = [];
        if ((axis != -1 && axis != rank - 1) || Scores(graph, softmax.Inputs[0], biases, masks, ref scale) is not { } product || graph.Rank(product.Inputs[0]) != rank || graph.Rank(product.Inputs[1]) != rank)
        {
            return null;
        }

        string query = Scaled(graph, product.Inputs[0], ref scale), key = Scaled(graph, product.Inputs[1], ref scale);
        long[] swapped = rank == 4 ? [0, 1, 3, 2] : [0, 2, 1];
        // Where a Transpose makes kᵀ, its input is k, up to another order of the axes.
        if (graph.Maker(key, "Transpose") is { } transpose && transpose.Ints("perm") is { } perm && perm.Count == rank)
        {
            long[] order = [.. swapped.Select(at => perm[(int)at])];
            string inner = Scaled(graph, transpose.Inputs[0], ref scale);
            return new AttentionMatch(query, inner, order.Select((from, at) => from == at).All(same => same) ? null : order, node.Inputs[1], scale, biases, masks, rank);
        }

        return new AttentionMatch(query, key, swapped, node.Inputs[1], scale, biases, masks, rank);
    }

    /// <summary>Walks from the softmax back to the product of q and k.</summary>
    private static OnnxNode? Scores(GraphView graph, string value, List<string> biases, List<AttentionMask> masks, ref double scale)
    {
        for (int depth = 0; depth < 12; depth++)
        {
            if (graph.Maker(value, "MatMul", "Add", "Mul", "Div", "Where", "Identity", "Dropout") is not { } node)
            {
                return null;
            }

            string? next = null;
            switch (node.OpType)
            {
                case "MatMul":
                    return node;
                case "Identity" or "Dropout":
                    next = node.Inputs[0];
                    break;
                case "Mul" or "Div":
                    // A factor on scores and biases together would have to be put on the biases, too.
                    string inner = biases.Count + masks.Count == 0 || LeadsToProductOnly(graph, node) ? Scaled(graph, value, ref scale) : value;
                    next = inner == value ? null : inner;
                    break;
                case "Add":
                    foreach ((string scores, string bias) in GraphView.BothWays(node))
                    {
                        if (next is null && LeadsToProduct(graph, scores) && graph.SameShape(scores, value))
                        {
                            (next, _) = (scores, bias);
                            biases.Add(bias);
                        }
                    }

                    break;
                default:
                    next = Mask(graph, node, value, masks);
                    break;
            }

            // A product of scores and biases, (q kᵀ + bias) · scale, is left alone.
            if (next is null || (node.OpType == "Add" && scale != 1))
            {
                return null;
            }

            value = next;
        }

        return null;
    }

    private static string? Mask(GraphView graph, OnnxNode where, string value, List<AttentionMask> masks)
    {
        for (int side = 1; side <= 2; side++)
        {
            string scores = where.Inputs[side], fill = where.Inputs[3 - side];
            if (graph.Scalar(fill) is <= Vanishing && LeadsToProduct(graph, scores) && graph.SameShape(scores, value))
            {
                masks.Add(new AttentionMask(where.Inputs[0], fill, FillsWhereTrue: side == 2));
                return scores;
            }
        }

        return null;
    }

    /// <summary>Whether a value is scores: a product of matrices with scales, biases and masks on it.</summary>
    private static bool LeadsToProduct(GraphView graph, string value, int depth = 0)
    {
        OnnxNode? node = depth < 12 ? graph.Maker(value, "MatMul", "Add", "Mul", "Div", "Where", "Identity", "Dropout") : null;
        return node is not null && (node.OpType == "MatMul" || node.Inputs.Skip(node.OpType == "Where" ? 1 : 0).Any(input => LeadsToProduct(graph, input, depth + 1)));
    }

    /// <summary>Whether only scales lie between a value and the product.</summary>
    private static bool LeadsToProductOnly(GraphView graph, OnnxNode node)
    {
        double scale = 1;
        return graph.Maker(Scaled(graph, node.Outputs[0], ref scale), "MatMul") is not null;
    }

    /// <summary>The value without constant factors on it; those go into the scale.</summary>
    private static string Scaled(GraphView graph, string value, ref double scale)
    {
        for (int depth = 0; depth < 8 && graph.Maker(value, "Mul", "Div") is { } node; depth++)
        {
            string before = value;
            foreach ((string inner, string factor) in GraphView.BothWays(node).Take(node.OpType == "Mul" ? 2 : 1))
            {
                if (before == value && graph.Scalar(factor) is { } number && number != 0 && graph.SameShape(inner, value))
                {
                    scale = node.OpType == "Mul" ? scale * number : scale / number;
                    value = inner;
                }
            }

            if (before == value)
            {
                break;
            }
        }

        return value;
    }

    private static string Unwrap(GraphView graph, string value)
    {
        while (graph.Maker(value, "Identity", "Dropout") is { } node)
        {
            value = node.Inputs[0];
        }

        return value;
    }
}
