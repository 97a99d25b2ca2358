namespace Seedance.Onnx.Graphs.Composition;

/// <summary>
/// Rewrites a model for a newer version of ONNX's operators, from 13 on: axes of the Reduce operators moved from attributes to inputs, Split has to
/// say how many parts it makes, and a few operators changed what they mean. All others are as they were, or only take more types.
/// </summary>
internal static class OpsetRaise
{
    /// <summary>The version below which more changed than is rewritten here.</summary>
    public const long Oldest = 13;

    /// <summary>Raises a model in place; one that is of the version already is left alone.</summary>
    /// <exception cref="ModelFileException">It is newer, older than <see cref="Oldest"/>, or uses an operator that changed its meaning.</exception>
    public static void Raise(OnnxModel model, long opset)
    {
        long from = model.Opsets.Version;
        if (from == opset || from == 0)
        {
            return;
        }

        if (from > opset || from < Oldest || opset > OpsetImports.NewestKnown)
        {
            throw new ModelFileException(model.Source, $"must use operators of a version from {Oldest} to {opset} to be raised to {opset}, but uses {from}. Export it with opset {opset}.");
        }

        Raise(model.Graph, model.Source, from, opset);
        foreach (OnnxFunction function in model.Functions)
        {
            if (function.Opsets.Version != opset)
            {
                throw new ModelFileException(model.Source, $"function '{function.Name}' must use operators of version {opset}, but uses {function.Opsets.Version}. Export it with opset {opset}.");
            }
        }

        model.Opsets.Set(OpsetImports.Onnx, opset);
    }

    private static void Raise(OnnxGraph graph, string source, long from, long to)
    {
        GraphBuilder? builder = null;
        foreach (OnnxNode node in graph.Nodes.ToList())
        {
            foreach (OnnxGraph inner in node.Subgraphs)
            {
                Raise(inner, source, from, to);
            }

            bool crosses18 = from < 18 && to >= 18;
            bool changed = OpsetImports.Normalize(node.Domain).Length == 0 && node.OpType switch
            {
                "GroupNormalization" => from < 21 && to >= 21,
                "DFT" => from < 20 && to >= 20,
                _ => false,
            };
            if (changed)
            {
                throw new ModelFileException(source, $"node {node} must mean the same in version {to}, but changed since {from}. Export the model with opset {to}.");
            }

            if (crosses18 && OpsetImports.Normalize(node.Domain).Length == 0)
            {
                builder ??= new GraphBuilder(graph, "/raised");
                AxesToInput(node, builder);
                CountParts(node);
            }
        }
    }

    private static void AxesToInput(OnnxNode node, GraphBuilder builder)
    {
        // ReduceSum has had its axes as an input since 13.
        if (node.OpType.StartsWith("Reduce", StringComparison.Ordinal) && node.OpType != "ReduceSum" && node.Ints("axes") is { } axes)
        {
            node.Remove("axes");
            node.Inputs.Add(builder.Integers([.. axes]));
        }
    }

    private static void CountParts(OnnxNode node)
    {
        if (node.OpType == "Split" && node.Input(1).Length == 0 && node.Find("num_outputs") is null)
        {
            node.Set(OnnxAttribute.Create("num_outputs", node.Outputs.Count));
        }
    }
}
