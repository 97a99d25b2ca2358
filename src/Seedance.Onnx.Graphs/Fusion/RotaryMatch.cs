using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Rotary positions (Su et al., "RoFormer", 2021) as exporters write them: of x [B, heads, S, d] in halves a and b, either concat(a cos − b sin, a sin + b cos),
/// or x cos + concat(−b, a) sin with the cosines written twice.
/// </summary>
/// <param name="Input">x.</param>
/// <param name="Cos">[B or 1, 1, S, d/2], or [S, d/2]: or twice as wide with equal halves, when <paramref name="IsDoubled"/>.</param>
/// <param name="Sin">Shaped like the cosines.</param>
/// <param name="IsDoubled">Whether the cosines are written twice.</param>
internal sealed record RotaryMatch(string Input, string Cos, string Sin, bool IsDoubled)
{
    public static RotaryMatch? Find(GraphView graph, OnnxNode node) =>
        GraphView.Is(node, "Concat") ? Halves(graph, node) : GraphView.Is(node, "Add") ? Rotated(graph, node) : null;

    private static RotaryMatch? Halves(GraphView graph, OnnxNode concat)
    {
        if (concat.Inputs.Count != 2 || !IsLastAxis(graph, concat, concat.Inputs[0])
            || graph.Maker(concat.Inputs[0], "Sub") is not { } difference || graph.Maker(concat.Inputs[1], "Add") is not { } sum
            || graph.Maker(difference.Inputs[0], "Mul") is not { } left || graph.Maker(difference.Inputs[1], "Mul") is not { } right)
        {
            return null;
        }

        foreach ((string a, string cos) in GraphView.BothWays(left))
        {
            foreach ((string b, string sin) in GraphView.BothWays(right))
            {
                if (Whole(graph, a, b) is { } input && IsSum(graph, sum, a, sin, b, cos))
                {
                    return new RotaryMatch(input, cos, sin, false);
                }
            }
        }

        return null;
    }

    private static RotaryMatch? Rotated(GraphView graph, OnnxNode sum)
    {
        foreach ((string straight, string turned) in GraphView.BothWays(sum))
        {
            if (graph.Maker(straight, "Mul") is not { } left || graph.Maker(turned, "Mul") is not { } right)
            {
                continue;
            }

            foreach ((string concatenated, string sin) in GraphView.BothWays(right))
            {
                if (graph.Maker(concatenated, "Concat") is not { Inputs.Count: 2 } concat || !IsLastAxis(graph, concat, concatenated) || graph.Maker(concat.Inputs[0], "Neg") is not { } negated
                    || Whole(graph, concat.Inputs[1], negated.Inputs[0]) is not { } input)
                {
                    continue;
                }

                foreach ((string x, string cos) in GraphView.BothWays(left))
                {
                    if (x == input && HasEqualHalves(graph, cos) && HasEqualHalves(graph, sin))
                    {
                        return new RotaryMatch(input, cos, sin, true);
                    }
                }
            }
        }

        return null;
    }

    /// <summary>Whether a node adds a · sin and b · cos.</summary>
    private static bool IsSum(GraphView graph, OnnxNode sum, string a, string sin, string b, string cos) =>
        GraphView.BothWays(sum).Any(pair => IsProduct(graph, pair.First, a, sin) && IsProduct(graph, pair.Second, b, cos));

    private static bool IsProduct(GraphView graph, string value, string x, string y) =>
        graph.Maker(value, "Mul") is { } node && GraphView.BothWays(node).Any(pair => pair.First == x && pair.Second == y);

    /// <summary>What two values are the first and the second half of, along the last axis; null when they are not.</summary>
    private static string? Whole(GraphView graph, string a, string b)
    {
        if (graph.Maker(a, "Split") is { Outputs.Count: 2 } split && split.Outputs[0] == a && split.Outputs[1] == b && IsLastAxis(graph, split, split.Inputs[0])
            && graph.Length(a, -1) is { } half && graph.Length(b, -1) == half)
        {
            return split.Inputs[0];
        }

        return graph.Maker(a, "Slice") is { } first && graph.Maker(b, "Slice") is { } second && first.Inputs[0] == second.Inputs[0] && graph.Length(first.Inputs[0], -1) is { } width
            && IsPart(graph, first, 0, width / 2, width) && IsPart(graph, second, width / 2, width, width) ? first.Inputs[0] : null;
    }

    /// <summary>Whether a Slice takes the elements of the last axis from start to end, one by one.</summary>
    private static bool IsPart(GraphView graph, OnnxNode slice, long start, long end, long width)
    {
        long[]? Values(int input) => slice.Input(input).Length > 0 && graph.Constant(slice.Inputs[input]) is { ElementType: OnnxElementType.Int64 } tensor ? tensor.ToArray<long>() : null;
        return Values(1) is [var from] && Values(2) is [var to] && Values(3) is [var axis] && (slice.Input(4).Length == 0 || Values(4) is [1])
            && (axis == -1 || axis + 1 == graph.Rank(slice.Inputs[0])) && Evaluation.ArrayMoves.SliceLength(width, from, to, 1) is var (first, count) && first == start && count == end - start;
    }

    private static bool IsLastAxis(GraphView graph, OnnxNode node, string value) => node.Int("axis", 0) is var axis && (axis == -1 || axis + 1 == graph.Rank(value));

    /// <summary>Whether the last axis holds the same twice: it was made by a Concat of a value with itself, and everything since treats each element alike.</summary>
    private static bool HasEqualHalves(GraphView graph, string value)
    {
        for (int depth = 0; depth < 16; depth++)
        {
            if (graph.Maker(value, "Concat") is { Inputs.Count: 2 } concat)
            {
                return concat.Inputs[0] == concat.Inputs[1] && IsLastAxis(graph, concat, value);
            }

            OnnxNode? node = graph.Maker(value, "Cos", "Sin", "Cast", "Identity", "Unsqueeze", "Mul", "Gather");
            bool alike = node switch
            {
                null => false,
                { OpType: "Mul" } => graph.Scalar(node.Inputs[1]) is not null,
                // The axes of before must still be the last ones.
                { OpType: "Unsqueeze" or "Gather" } => graph.Length(value, -1) is { } width && graph.Length(node.Inputs[0], -1) == width && width > 1
                    && (node.OpType == "Unsqueeze" || (node.Int("axis", 0) == 0 && graph.Rank(node.Inputs[0]) == 2)),
                _ => true,
            };
            if (!alike)
            {
                return false;
            }

            value = node!.Inputs[0];
        }

        return false;
    }
}
