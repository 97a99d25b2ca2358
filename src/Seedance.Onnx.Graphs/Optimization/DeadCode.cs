namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Removes nodes and initialisers that nothing reads, and types of values that are gone.</summary>
internal static class DeadCode
{
    /// <summary>Cleans a graph and those inside it.</summary>
    /// <returns>How many nodes and initialisers were removed.</returns>
    public static int Remove(OnnxGraph graph)
    {
        HashSet<string> needed = new(graph.Outputs.Select(output => output.Name), StringComparer.Ordinal);
        List<OnnxNode> kept = [];
        int removed = 0;
        foreach (OnnxNode node in Enumerable.Reverse(NodeOrder.Sort(graph.Nodes)))
        {
            if (!node.Outputs.Any(needed.Contains))
            {
                removed++;
                continue;
            }

            removed += node.Subgraphs.Sum(Remove);
            needed.UnionWith(NodeOrder.ValuesReadBy(node));
            kept.Add(node);
        }

        kept.Reverse();
        graph.ReplaceNodes(kept);
        // An input that an initialiser had a value for goes with it; those that the caller gives are the graph's contract.
        HashSet<string> superfluous = [.. graph.Initializers.Select(tensor => tensor.Name).Where(name => !needed.Contains(name))];
        removed += graph.Initializers.RemoveAll(tensor => superfluous.Contains(tensor.Name));
        RemoveAll(graph.Inputs, superfluous.Contains);
        HashSet<string> alive = [.. needed, .. kept.SelectMany(node => node.Outputs)];
        RemoveAll(graph.Values, name => !alive.Contains(name));
        return removed;
    }

    private static void RemoveAll(IList<OnnxValue> values, Predicate<string> match)
    {
        for (int i = values.Count - 1; i >= 0; i--)
        {
            if (match(values[i].Name))
            {
                values.RemoveAt(i);
            }
        }
    }
}
