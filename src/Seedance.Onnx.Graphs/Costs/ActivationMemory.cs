using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Costs;

/// <summary>How many bytes of values are alive while each node runs.</summary>
internal static class ActivationMemory
{
    public static long[] Measure(OnnxGraph graph, List<OnnxNode> nodes, GraphShapes shapes, Func<OnnxNode, bool> isView)
    {
        // A view has no memory of its own; it keeps that of its source alive.
        Dictionary<string, string> sources = new(StringComparer.Ordinal);
        Dictionary<string, int> lastUse = new(StringComparer.Ordinal);
        string Source(string name) => sources.GetValueOrDefault(name, name);
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (string input in NodeOrder.ValuesReadBy(nodes[i]))
            {
                lastUse[Source(input)] = i;
            }

            if (isView(nodes[i]) && nodes[i].Inputs.Count > 0 && nodes[i].OpType is not ("Shape" or "Size"))
            {
                sources[nodes[i].Outputs[0]] = Source(nodes[i].Inputs[0]);
            }

            foreach (string output in nodes[i].Outputs)
            {
                lastUse.TryAdd(Source(output), i);
            }
        }

        foreach (OnnxValue output in graph.Outputs)
        {
            lastUse[Source(output.Name)] = nodes.Count;
        }

        long alive = 0;
        Dictionary<int, long> freed = [];
        void Add(string name)
        {
            long bytes = shapes.Find(name)?.ByteCount ?? 0;
            alive += bytes;
            int last = lastUse.GetValueOrDefault(name, nodes.Count);
            freed[last] = freed.GetValueOrDefault(last) + bytes;
        }

        foreach (OnnxValue input in graph.RequiredInputs)
        {
            Add(input.Name);
        }

        long[] peaks = new long[nodes.Count];
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (string output in nodes[i].Outputs.Where(output => output.Length > 0 && Source(output) == output))
            {
                Add(output);
            }

            peaks[i] = alive;
            alive -= freed.GetValueOrDefault(i);
        }

        return peaks;
    }
}
