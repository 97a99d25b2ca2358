using System.Text;
using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Makes one of nodes that compute the same from the same.</summary>
internal sealed class CommonNodes : IGraphPass
{
    private static readonly HashSet<string> Random = new(StringComparer.Ordinal) { "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli", "Dropout" };

    public string Name => "common nodes";

    public int Run(GraphView graph)
    {
        int changes = 0;
        Dictionary<string, OnnxNode> seen = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.EachNode())
        {
            if (Random.Contains(node.OpType) || !OpsetImports.IsKnown(node.Domain) || node.Subgraphs.Any() || node.Inputs.Count == 0)
            {
                continue;
            }

            string key = KeyOf(node);
            if (!seen.TryGetValue(key, out OnnxNode? same))
            {
                seen[key] = node;
            }
            else if (!node.Outputs.Any(graph.IsOutput))
            {
                graph.Replace(node, []);
                for (int i = 0; i < node.Outputs.Count; i++)
                {
                    if (node.Outputs[i].Length > 0)
                    {
                        graph.Redirect(node.Outputs[i], same.Outputs[i]);
                    }
                }

                changes++;
            }
        }

        return changes;
    }

    private static string KeyOf(OnnxNode node)
    {
        StringBuilder key = new();
        key.Append(OpsetImports.Normalize(node.Domain)).Append('\n').Append(node.OpType).Append('\n').AppendJoin('\n', node.Inputs).Append('\n');
        // Which outputs a node makes can change what it computes.
        key.AppendJoin(',', node.Outputs.Select(output => output.Length > 0));
        foreach (OnnxAttribute attribute in node.Attributes.OrderBy(attribute => attribute.Name, StringComparer.Ordinal))
        {
            AttributeProto message = attribute.Message.Clone();
            message.DocString = "";
            key.Append('\n').Append(Convert.ToBase64String(message.ToByteArray()));
            foreach (OnnxTensor tensor in attribute.Tensors)
            {
                key.Append('\n').Append(tensor.ElementType).Append(tensor).Append(Convert.ToBase64String(tensor.ByteCount <= 1024 ? tensor.ToBytes() : Guid.NewGuid().ToByteArray()));
            }
        }

        return key.ToString();
    }
}
