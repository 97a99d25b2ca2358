using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>Where a value's rows lie already, before they are moved about: what operators that keep rows whole were given, and how it is to be looked at.</summary>
/// <param name="Value">The tensor that the rows lie in.</param>
/// <param name="View">How it is looked at.</param>
/// <param name="Bias">A vector that was added to the tensor as it lies; null for none.</param>
/// <param name="BiasView">How that one is looked at.</param>
internal sealed record RowSource(string Value, RowView View, string? Bias, RowView? BiasView)
{
    /// <summary>Goes back from a value through Reshape of the innermost axis, Transpose, Split, Squeeze and Unsqueeze; to itself where there is none.</summary>
    public static RowSource Of(GraphView graph, string value)
    {
        Stack<(OnnxNode Node, string Output)> moves = new();
        string source = value;
        while (graph.Maker(source, "Reshape", "Transpose", "Split", "Squeeze", "Unsqueeze") is { } node && graph.Rank(node.Inputs[0]) is > 0)
        {
            moves.Push((node, source));
            source = node.Inputs[0];
        }

        // The longest way of which all is understood.
        for (; moves.Count > 0; moves.Pop())
        {
            source = moves.Peek().Node.Inputs[0];
            if (Follow(graph, moves, source) is { } view)
            {
                return view.Split.IsEmpty || graph.Maker(source, "Add") is not { } add ? new RowSource(source, view, null, null) : WithBias(graph, source, add, view);
            }
        }

        return new RowSource(value, RowView.Plain(Math.Max(graph.Rank(value) ?? 1, 1)), null, null);
    }

    private static RowSource WithBias(GraphView graph, string source, OnnxNode add, RowView view)
    {
        int leading = graph.Rank(source)!.Value - 1;
        foreach ((string value, string bias) in GraphView.BothWays(add))
        {
            // What is no product may become part of a program itself.
            bool isProduct = graph.Maker(value) is { OpType: "MatMul" or "DynamicQuantizeMatMul" or "MatMulIntegerToFloat" or "MatMulNBits" };
            if (isProduct && graph.Constant(bias) is { Dimensions.Length: 1 } && graph.SameShape(value, source))
            {
                int Own(int axis) => axis < leading ? -1 : axis - leading;
                return new RowSource(value, view, bias, new RowView([.. view.Axes.Select(Own)], [.. view.Picks.Select(pick => (Own(pick.Axis), pick.Element))], view.Split));
            }
        }

        return new RowSource(source, view, null, null);
    }

    private static RowView? Follow(GraphView graph, IEnumerable<(OnnxNode Node, string Output)> moves, string source)
    {
        RowView? view = RowView.Plain(graph.Rank(source)!.Value);
        foreach ((OnnxNode node, string output) in moves)
        {
            view = view is null ? null : node.OpType switch
            {
                "Reshape" => TakeApart(graph, node, view),
                "Transpose" => Turn(graph, node, view),
                "Split" => Pick(graph, node, output, view),
                "Squeeze" => Squeeze(graph, node, view),
                _ => Unsqueeze(graph, node, view),
            };
        }

        return view;
    }

    /// <summary>A Reshape that leaves all axes but the innermost, of known length, which becomes several.</summary>
    private static RowView? TakeApart(GraphView graph, OnnxNode node, RowView view)
    {
        if (graph.Shape(node.Inputs[0]) is not { } from || graph.Shape(node.Outputs[0]) is not { } to || to.Length <= from.Length || !view.IsPlain || !from[..^1].AsSpan().SequenceEqual(to.AsSpan(0, from.Length - 1))
            || to[(from.Length - 1)..].Any(length => length.Length is null or > int.MaxValue))
        {
            return null;
        }

        int[] parts = [.. to[(from.Length - 1)..].Select(length => (int)length.Length!.Value)];
        return parts.Aggregate(1L, (a, b) => a * b) == from[^1].Length ? new RowView([.. Enumerable.Range(0, to.Length - 1)], [], [.. parts]) : null;
    }

    private static RowView? Turn(GraphView graph, OnnxNode node, RowView view)
    {
        int rank = view.Axes.Length + 1;
        long[] perm = [.. node.Ints("perm") ?? [.. Enumerable.Range(0, rank).Reverse().Select(axis => (long)axis)]];
        return perm.Length == rank && perm[^1] == rank - 1 && graph.Rank(node.Inputs[0]) == rank ? view with { Axes = [.. perm[..^1].Select(axis => view.Axes[(int)axis])] } : null;
    }

    /// <summary>A Split into single elements of an outer axis.</summary>
    private static RowView? Pick(GraphView graph, OnnxNode node, string output, RowView view)
    {
        long axis = node.Int("axis", 0) is var given && given < 0 ? given + view.Axes.Length + 1 : given;
        return axis < view.Axes.Length && view.Axes[(int)axis] >= 0 && node.Outputs.All(part => graph.Length(part, (int)axis) == 1)
            ? view with { Axes = view.Axes.SetItem((int)axis, -1), Picks = view.Picks.Add((view.Axes[(int)axis], node.Outputs.IndexOf(output))) }
            : null;
    }

    private static RowView? Squeeze(GraphView graph, OnnxNode node, RowView view) =>
        Axes(graph, node, view.Axes.Length + 1) is { } axes && axes.All(axis => axis < view.Axes.Length)
            ? view with { Axes = [.. view.Axes.Where((_, at) => !axes.Contains(at))] }
            : null;

    private static RowView? Unsqueeze(GraphView graph, OnnxNode node, RowView view)
    {
        if (node.Input(1).Length == 0 || graph.Rank(node.Outputs[0]) is not { } rank || Axes(graph, node, rank) is not { } axes || axes.Contains(rank - 1))
        {
            return null;
        }

        Queue<int> own = new(view.Axes);
        return view with { Axes = [.. Enumerable.Range(0, rank - 1).Select(axis => axes.Contains(axis) ? -1 : own.Dequeue())] };
    }

    private static HashSet<long>? Axes(GraphView graph, OnnxNode node, int rank) =>
        node.Input(1).Length > 0 && graph.Constant(node.Inputs[1]) is { ElementType: OnnxElementType.Int64 } tensor ? [.. tensor.ToArray<long>().Select(axis => axis < 0 ? axis + rank : axis)] : null;
}
