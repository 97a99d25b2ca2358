using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>If, Loop and Scan: what their inner graphs make.</summary>
internal static class ControlFlowShapes
{
    public static void Infer(NodeInference node, Func<OnnxGraph, IReadOnlyList<InferredValue?>, GraphShapes> infer)
    {
        switch (node.Node.OpType)
        {
            case "If":
                Branches(node, infer);
                break;
            case "Loop":
                Loop(node, infer);
                break;
            default:
                foreach (OnnxGraph graph in node.Node.Subgraphs)
                {
                    infer(graph, []);
                }

                break;
        }
    }

    private static void Branches(NodeInference node, Func<OnnxGraph, IReadOnlyList<InferredValue?>, GraphShapes> infer)
    {
        InferredValue?[][] branches = [.. node.Node.Subgraphs.Select(graph => Outputs(graph, infer(graph, [])))];
        for (int i = 0; i < node.Results.Length && branches.Length > 0; i++)
        {
            InferredValue? common = branches[0].ElementAtOrDefault(i);
            foreach (InferredValue?[] branch in branches.Skip(1))
            {
                common = Common(node, common, branch.ElementAtOrDefault(i));
            }

            node.Results[i] = common;
        }
    }

    private static void Loop(NodeInference node, Func<OnnxGraph, IReadOnlyList<InferredValue?>, GraphShapes> infer)
    {
        if (node.Node.Subgraphs.FirstOrDefault() is not { } body)
        {
            return;
        }

        // A carried value keeps its type and rank, but neither its elements nor, for all that is known, its lengths.
        int carried = Math.Max(node.InputCount - 2, 0);
        InferredValue turn = new(OnnxElementType.Int64, []), go = new(OnnxElementType.Bool, []);
        InferredValue?[] first = [.. Enumerable.Range(2, carried).Select(i => node.Input(i) is { } value ? new InferredValue(value.ElementType, value.Shape) : null)];
        InferredValue?[] after = [.. Outputs(body, infer(body, [turn, go, .. first])).Skip(1)];
        for (int i = 0; i < node.Results.Length; i++)
        {
            InferredValue? made = after.ElementAtOrDefault(i);
            node.Results[i] = i < carried ? Common(node, first[i], made)
                : made?.Shape is { } shape ? new InferredValue(made.ElementType, [node.Known(0)?.ToInt64s() is [var turns] ? turns : node.Unknown(), .. shape])
                : null;
        }
    }

    private static InferredValue?[] Outputs(OnnxGraph graph, GraphShapes shapes) => [.. graph.Outputs.Select(output => shapes.Find(output.Name))];

    private static InferredValue? Common(NodeInference node, InferredValue? a, InferredValue? b)
    {
        if (a is null || b is null || a.ElementType != b.ElementType)
        {
            return null;
        }

        ImmutableArray<OnnxDimension>? shape = a.Shape is { } x && b.Shape is { } y && x.Length == y.Length
            ? [.. x.Zip(y, (one, other) => one == other ? one : node.Unknown())]
            : null;
        return new InferredValue(a.ElementType, shape);
    }
}
