namespace Seedance.Onnx.Graphs;

/// <summary>Renames the values that nodes read and make, in their inner graphs too.</summary>
internal static class NodeNames
{
    /// <summary>Renames every value that a node reads or makes, and every value of its inner graphs.</summary>
    public static void Rename(OnnxNode node, Func<string, string> rename)
    {
        Each(node.Inputs, rename);
        Each(node.Outputs, rename);
        foreach (OnnxGraph graph in node.Subgraphs)
        {
            Rename(graph, rename);
        }
    }

    /// <summary>Renames every value of a graph.</summary>
    public static void Rename(OnnxGraph graph, Func<string, string> rename)
    {
        Each(graph.Inputs, rename);
        Each(graph.Outputs, rename);
        Each(graph.Values, rename);
        List<OnnxTensor> tensors = [.. graph.Initializers];
        graph.Initializers.RemoveAll(_ => true);
        foreach (OnnxTensor tensor in tensors)
        {
            graph.Initializers.Set(tensor.WithName(rename(tensor.Name)));
        }

        foreach (OnnxNode node in graph.Nodes)
        {
            Rename(node, rename);
        }
    }

    private static void Each(IList<string> names, Func<string, string> rename)
    {
        for (int i = 0; i < names.Count; i++)
        {
            names[i] = names[i].Length == 0 ? "" : rename(names[i]);
        }
    }

    private static void Each(IList<OnnxValue> values, Func<string, string> rename)
    {
        for (int i = 0; i < values.Count; i++)
        {
            values[i] = values[i].WithName(rename(values[i].Name));
        }
    }
}
