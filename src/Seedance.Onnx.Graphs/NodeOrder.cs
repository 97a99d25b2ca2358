namespace Seedance.Onnx.Graphs;

/// <summary>Puts nodes behind those whose values they read.</summary>
internal static class NodeOrder
{
    /// <summary>A node that depends on itself, however indirectly; null when there is none.</summary>
    public static OnnxNode? FindCycle(IList<OnnxNode> nodes)
    {
        HashSet<OnnxNode> sorted = [.. Sort(nodes)];
        return sorted.Count == nodes.Count ? null : nodes.First(node => !sorted.Contains(node));
    }

    /// <summary>The nodes in an order that a runtime can follow: the old one where it is one. Nodes on a cycle, and what depends on them, are left out.</summary>
    public static List<OnnxNode> Sort(IList<OnnxNode> nodes)
    {
        Dictionary<string, int> makers = new(StringComparer.Ordinal);
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (string output in nodes[i].Outputs)
            {
                makers[output] = i;
            }
        }

        int[] open = new int[nodes.Count];
        List<int>[] readers = new List<int>[nodes.Count];
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (string input in ValuesReadBy(nodes[i]))
            {
                if (input.Length > 0 && makers.TryGetValue(input, out int maker))
                {
                    (readers[maker] ??= []).Add(i);
                    open[i]++;
                }
            }
        }

        PriorityQueue<int, int> ready = new();
        for (int i = 0; i < nodes.Count; i++)
        {
            if (open[i] == 0)
            {
                ready.Enqueue(i, i);
            }
        }

        List<OnnxNode> sorted = new(nodes.Count);
        while (ready.TryDequeue(out int next, out _))
        {
            sorted.Add(nodes[next]);
            foreach (int reader in readers[next] ?? [])
            {
                if (--open[reader] == 0)
                {
                    ready.Enqueue(reader, reader);
                }
            }
        }

        return sorted;
    }

    /// <summary>The values that a node reads, those that only its inner graphs read included.</summary>
    public static IEnumerable<string> ValuesReadBy(OnnxNode node)
    {
        if (node.Attributes.All(attribute => attribute.Graphs.IsEmpty))
        {
            return node.Inputs;
        }

        HashSet<string> names = new(node.Inputs, StringComparer.Ordinal);
        foreach (OnnxGraph graph in node.Subgraphs)
        {
            AddFree(graph, names);
        }

        return names;
    }

    /// <summary>Adds the values that a graph reads from around it.</summary>
    private static void AddFree(OnnxGraph graph, HashSet<string> names)
    {
        HashSet<string> own = new(StringComparer.Ordinal);
        own.UnionWith(graph.Inputs.Select(input => input.Name));
        own.UnionWith(graph.Initializers.Select(tensor => tensor.Name));
        own.UnionWith(graph.Nodes.SelectMany(node => node.Outputs));
        names.UnionWith(graph.Nodes.SelectMany(ValuesReadBy).Concat(graph.Outputs.Select(output => output.Name)).Where(name => !own.Contains(name)));
    }
}
