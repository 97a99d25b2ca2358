using System.Security.Cryptography;

namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Makes one of initialisers that are equal in type, shape and values.</summary>
internal sealed class SharedInitializers : IGraphPass
{
    /// <summary>What is compared in every round: constants that passes made. Weights are compared once, at the end.</summary>
    private const long SmallBytes = 16 << 10;

    public string Name => "initialisers";

    public int Run(GraphView graph) => graph.Graph == graph.Model.Graph ? Share(graph.Model, SmallBytes) : 0;

    /// <summary>Shares the main graph's initialisers. Values are compared by their SHA-256, read a part at a time, and only where type, shape and size agree.</summary>
    /// <param name="model">The model; changed.</param>
    /// <param name="maxBytes">Larger ones are left alone.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>How many initialisers became superfluous; they are removed.</returns>
    public static int Share(OnnxModel model, long maxBytes = long.MaxValue, CancellationToken cancellationToken = default)
    {
        OnnxGraph graph = model.Graph;
        HashSet<string> interfaces = [.. graph.Inputs.Concat(graph.Outputs).Select(value => value.Name)];
        Dictionary<string, string> same = new(StringComparer.Ordinal);
        foreach (IGrouping<string, OnnxTensor> alike in graph.Initializers.Where(tensor => tensor.ElementType.Bits() > 0 && tensor.ByteCount <= maxBytes && !interfaces.Contains(tensor.Name))
            .GroupBy(tensor => $"{tensor.ElementType} {string.Join(',', tensor.Dimensions)}", StringComparer.Ordinal).Where(group => group.Skip(1).Any()))
        {
            // Most that differ do so at once; only the others are read to the end.
            foreach (IGrouping<string, OnnxTensor> equal in alike.GroupBy(Beginning, StringComparer.Ordinal).Where(group => group.Skip(1).Any()).SelectMany(group => group.GroupBy(tensor => Hash(tensor, cancellationToken), StringComparer.Ordinal)))
            {
                foreach (OnnxTensor other in equal.Skip(1))
                {
                    same[other.Name] = equal.First().Name;
                }
            }
        }

        if (same.Count > 0)
        {
            foreach (OnnxNode node in graph.AllNodes)
            {
                for (int i = 0; i < node.Inputs.Count; i++)
                {
                    node.Inputs[i] = same.GetValueOrDefault(node.Inputs[i], node.Inputs[i]);
                }
            }

            // An inner graph may hand one through as it is: such a one stays.
            HashSet<string> handed = [.. graph.AllNodes.SelectMany(node => node.Subgraphs).SelectMany(inner => inner.Outputs).Select(output => output.Name)];
            graph.Initializers.RemoveAll(tensor => same.ContainsKey(tensor.Name) && !handed.Contains(tensor.Name));
        }

        return same.Count;
    }

    private static string Beginning(OnnxTensor tensor)
    {
        byte[] bytes = new byte[Math.Min(tensor.ByteCount, 1024)];
        tensor.Data.Read(0, bytes);
        return Convert.ToBase64String(bytes);
    }

    private static string Hash(OnnxTensor tensor, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using HashStream stream = new(hash);
        tensor.Data.CopyTo(stream, cancellationToken);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
