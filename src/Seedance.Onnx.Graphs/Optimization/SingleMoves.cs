namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>
/// A transposition that tears the innermost axis apart, as folding and unfolding of pixels does, in two: one that brings a short axis in or out, and one that leaves the innermost axis where it is. The processor's
/// kernel copies rows in the second and has a loop of its own for the first; all at once it computes the place of every single element. A Reshape stands between them, so that
/// nobody makes one of the two again.
/// </summary>
internal sealed class SingleMoves : IGraphPass
{
    /// <summary>Longer axes than a patch's are rows, which need no help.</summary>
    private const long LongestShort = 16;

    public string Name => "single moves";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.SingleMoves && graph.Opset >= 15 ? graph.EachNode() : [])
        {
            if (GraphView.Is(node, "Transpose") && node.Ints("perm") is { Count: > 4 } given && given[^1] != given.Count - 1)
            {
                changes += Split(graph, node, [.. given]) ? 1 : 0;
            }
        }

        return changes;
    }

    private static bool Split(GraphView graph, OnnxNode node, long[] perm)
    {
        string source = node.Inputs[0];
        int last = perm.Length - 1, fixedAxes = perm.Index().TakeWhile(axis => axis.Item == axis.Index).Count();
        if (graph.Length(source, (int)perm[^1]) is <= LongestShort and var inward && !KeepsOrder(perm[..^1]))
        {
            // The axis that is to be innermost stays where it is at first.
            Rewriting rewriting = graph.Rewrite(node);
            string rows = Transpose(rewriting, source, [.. perm[..fixedAxes], perm[^1], .. perm[fixedAxes..^1]]);
            string pairs = rewriting.Add("Reshape", [rows, rewriting.Integers([.. new long[fixedAxes], inward, -1])]);
            string turned = Transpose(rewriting, pairs, SwapLast(fixedAxes + 2));
            string shape = Join(rewriting, Shape(rewriting, rows, 0, fixedAxes), Shape(rewriting, rows, fixedAxes + 1, last + 1), rewriting.Integers(inward));
            rewriting.End("Reshape", "", [turned, shape]);
            return true;
        }

        if (graph.Length(source, -1) is <= LongestShort and var outward && !KeepsOrder([.. perm.Where(axis => axis != last)]))
        {
            Rewriting rewriting = graph.Rewrite(node);
            string pairs = rewriting.Add("Reshape", [source, rewriting.Integers([.. new long[fixedAxes], -1, outward])]);
            string turned = Transpose(rewriting, pairs, SwapLast(fixedAxes + 2));
            string shape = Join(rewriting, Shape(rewriting, source, 0, fixedAxes), rewriting.Integers(outward), Shape(rewriting, source, fixedAxes, last));
            string rows = rewriting.Add("Reshape", [turned, shape]);
            rewriting.End("Transpose", "", [rows], OnnxAttribute.Create("perm", perm.Select(axis => axis == last ? fixedAxes : axis < fixedAxes ? axis : axis + 1)));
            return true;
        }

        return false;
    }

    /// <summary>Whether nothing else moves: then the one move is a single one already.</summary>
    private static bool KeepsOrder(long[] axes) => axes.SequenceEqual(axes.Order());

    private static long[] SwapLast(int rank) => [.. Enumerable.Range(0, rank - 2).Select(axis => (long)axis), rank - 1, rank - 2];

    private static string Transpose(Rewriting rewriting, string value, long[] perm) => rewriting.Add("Transpose", [value], OnnxAttribute.Create("perm", perm));

    private static string Shape(Rewriting rewriting, string value, long from, long to) => rewriting.Add("Shape", [value], OnnxAttribute.Create("start", from), OnnxAttribute.Create("end", to));

    private static string Join(Rewriting rewriting, params string[] parts) => rewriting.Add("Concat", parts, OnnxAttribute.Create("axis", 0));
}
