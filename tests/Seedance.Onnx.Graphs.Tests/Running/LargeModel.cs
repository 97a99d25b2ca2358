using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>A chain of x = silu(x · w) with weights in another file.</summary>
internal static class LargeModel
{
    public static ModelProto Describe(string location, int layers, long width)
    {
        GraphProto graph = new() { Name = "large", Input = { new OnnxValue("x0", OnnxElementType.Float32, "N", width).Message }, Output = { new OnnxValue($"x{layers}", OnnxElementType.Float32, "N", width).Message } };
        for (int layer = 0; layer < layers; layer++)
        {
            long bytes = width * width * 4;
            graph.Initializer.Add(new TensorProto
            {
                Name = $"w{layer}",
                DataType = 1,
                Dims = { width, width },
                DataLocation = TensorProto.Types.DataLocation.External,
                ExternalData =
                {
                    new StringStringEntryProto { Key = "location", Value = location }, new StringStringEntryProto { Key = "offset", Value = (layer * bytes).ToString() },
                    new StringStringEntryProto { Key = "length", Value = bytes.ToString() },
                },
            });
            graph.Node.Add(new NodeProto { OpType = "MatMul", Name = $"/{layer}/MatMul", Input = { $"x{layer}", $"w{layer}" }, Output = { $"h{layer}" } });
            graph.Node.Add(new NodeProto { OpType = "Sigmoid", Name = $"/{layer}/Sigmoid", Input = { $"h{layer}" }, Output = { $"s{layer}" } });
            graph.Node.Add(new NodeProto { OpType = "Mul", Name = $"/{layer}/Mul", Input = { $"h{layer}", $"s{layer}" }, Output = { $"x{layer + 1}" } });
        }

        return new ModelProto { IrVersion = 9, OpsetImport = { new OperatorSetIdProto { Version = 18 } }, Graph = graph };
    }
}
