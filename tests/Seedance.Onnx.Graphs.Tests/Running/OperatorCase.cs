namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>One node with inputs for it.</summary>
internal sealed record OperatorCase(string Name, OnnxNode Node, OnnxTensor?[] Inputs, long Opset = TinyModels.Opset)
{
    /// <summary>A model of the node alone; inputs that are <paramref name="constant"/> are initialisers.</summary>
    public OnnxModel Model(Func<int, bool> constant)
    {
        OnnxModel model = new(new OnnxGraph("case"), Opset);
        model.Opsets.Require(Node.Domain);
        for (int i = 0; i < Inputs.Length; i++)
        {
            if (Inputs[i] is not { } tensor)
            {
                continue;
            }

            if (constant(i))
            {
                model.Graph.Initializers.Set(tensor.WithName($"in{i}"));
            }
            else
            {
                model.Graph.Inputs.Add(new OnnxValue($"in{i}", tensor.ElementType, [.. tensor.Dimensions.Select((_, axis) => OnnxDimension.FromString($"d{i}_{axis}"))]));
            }
        }

        model.Graph.Nodes.Add(Node.Copy());
        foreach (string output in Node.Outputs)
        {
            model.Graph.Outputs.Add(new OnnxValue(output, OnnxElementType.Undefined));
        }

        return model;
    }

    /// <summary>The inputs that are not <paramref name="constant"/>, by name.</summary>
    public Dictionary<string, OnnxTensor> Feeds(Func<int, bool> constant) => Enumerable.Range(0, Inputs.Length)
        .Where(i => Inputs[i] is not null && !constant(i)).ToDictionary(i => $"in{i}", i => Inputs[i]!, StringComparer.Ordinal);
}
