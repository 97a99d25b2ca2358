using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;

namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>A model with functions of its own.</summary>
internal static class Functions
{
    /// <summary>y = f(f(x)) with f(x) = x · factor + 1, where the outer factor is 3 and the inner one the default, 2.</summary>
    public static OnnxModel Model()
    {
        static NodeProto Constant(string output, string? reference, float value) => new()
        {
            OpType = "Constant",
            Output = { output },
            Attribute = { reference is null
                ? new AttributeProto { Name = "value_float", Type = AttributeProto.Types.AttributeType.Float, F = value }
                : new AttributeProto { Name = "value_float", Type = AttributeProto.Types.AttributeType.Float, RefAttrName = reference } },
        };
        FunctionProto function = new()
        {
            Name = "Scale",
            Domain = "own",
            Input = { "in" },
            Output = { "out" },
            AttributeProto = { new AttributeProto { Name = "factor", Type = AttributeProto.Types.AttributeType.Float, F = 2 } },
            OpsetImport = { new OperatorSetIdProto { Version = 18 } },
            Node =
            {
                Constant("c", "factor", 0), Constant("one", null, 1), new NodeProto { OpType = "Mul", Input = { "in", "c" }, Output = { "scaled" } },
                new NodeProto { OpType = "Add", Input = { "scaled", "one" }, Output = { "out" } },
            },
        };
        ValueInfoProto Value(string name) => new OnnxValue(name, OnnxElementType.Float32, "N").Message;
        ModelProto model = new()
        {
            IrVersion = 9,
            OpsetImport = { new OperatorSetIdProto { Version = 18 }, new OperatorSetIdProto { Domain = "own", Version = 1 } },
            Functions = { function },
            Graph = new GraphProto
            {
                Name = "g",
                Input = { Value("x") },
                Output = { Value("y") },
                Node =
                {
                    new NodeProto { Name = "inner", OpType = "Scale", Domain = "own", Input = { "x" }, Output = { "h" } },
                    new NodeProto { Name = "outer", OpType = "Scale", Domain = "own", Input = { "h" }, Output = { "y" }, Attribute = { new AttributeProto { Name = "factor", Type = AttributeProto.Types.AttributeType.Float, F = 3 } } },
                },
            },
        };
        return OnnxModel.Parse(model.ToByteArray());
    }
}
