namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>Nodes of many operators. ONNX Runtime says what they make; inference and evaluation must agree.</summary>
internal static class OperatorCases
{
    /// <summary>Operators that are evaluated here.</summary>
    public static IReadOnlyList<OperatorCase> Evaluated { get; } =
    [
        .. Unary("Abs", "Neg", "Sqrt", "Reciprocal", "Exp", "Log", "Sin", "Cos", "Tanh", "Sigmoid", "Floor", "Ceil", "Round", "Sign", "Relu", "Identity"),
        .. Binary("Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "MatMul"),
        .. Whole("Add", "Sub", "Mul", "Div", "Mod", "Equal", "Less", "Greater", "Min", "Max"),
        Case("Mod fmod", "Mod", [Floats(-5.5f, 5.5f, 7), Floats(3, -3, 2)], ("fmod", 1L)),
        Case("And", "And", [Bools(true, true, false), Bools(true, false, false)]),
        Case("Not", "Not", [Bools(true, false)]),
        Case("Cast to int64", "Cast", [Floats(-1.7f, 2.3f)], ("to", 7L)),
        Case("Cast to float16", "Cast", [Floats(-1.7f, 2.3f, 1e-5f)], ("to", 10L)),
        Case("Cast to bool", "Cast", [Floats(0, 2.3f)], ("to", 9L)),
        Case("Cast from int64", "Cast", [Ints(3, -4)], ("to", 1L)),
        Case("CastLike", "CastLike", [Ints(3, -4), Floats(1)]),
        Case("Shape", "Shape", [Numbers.Tensor(1, 2, 3, 4)]),
        Case("Shape part", "Shape", [Numbers.Tensor(1, 2, 3, 4)], ("start", -2L), ("end", 100L)),
        Case("Size", "Size", [Numbers.Tensor(1, 2, 3, 4)]),
        Case("Reshape", "Reshape", [Numbers.Tensor(1, 2, 3, 4), Ints(0, -1, 2)]),
        Case("Flatten", "Flatten", [Numbers.Tensor(1, 2, 3, 4)], ("axis", 2L)),
        Case("Squeeze axes", "Squeeze", [Numbers.Tensor(1, 1, 3, 1), Ints(-1)]),
        Case("Squeeze all", "Squeeze", [Numbers.Tensor(1, 1, 3, 1)]),
        Case("Unsqueeze", "Unsqueeze", [Numbers.Tensor(1, 2, 3), Ints(0, -1)]),
        Case("Transpose", "Transpose", [Numbers.Tensor(1, 2, 3, 4)]),
        Case("Transpose perm", "Transpose", [Numbers.Tensor(1, 2, 3, 4)], ("perm", new long[] { 1, 2, 0 })),
        Case("Concat", "Concat", [Numbers.Tensor(1, 2, 3), Numbers.Tensor(2, 2, 1)], ("axis", -1L)),
        Case("Gather", "Gather", [Numbers.Tensor(1, 2, 3, 4), Ints(2, -3)], ("axis", 1L)),
        Case("Gather scalar", "Gather", [Numbers.Tensor(1, 2, 3), OnnxTensor.Create<long>("", [1])]),
        Case("Slice", "Slice", [Numbers.Tensor(1, 5, 6), Ints(1, -1), Ints(100, 0), Ints(0, 1), Ints(2, -2)]),
        Case("Slice default axes", "Slice", [Numbers.Tensor(1, 5, 6), Ints(-3, 2), Ints(-1, long.MaxValue)]),
        Case("Slice empty", "Slice", [Numbers.Tensor(1, 5), Ints(4), Ints(2)]),
        Case("Slice back to the start", "Slice", [Numbers.Tensor(1, 5), Ints(-1), Ints(long.MinValue), Ints(0), Ints(-1)]),
        Case("Expand", "Expand", [Numbers.Tensor(1, 3, 1), Ints(2, 1, 4)]),
        Case("Tile", "Tile", [Numbers.Tensor(1, 2, 3), Ints(2, 3)]),
        Case("Range", "Range", [OnnxTensor.Create<float>("", [1f]), OnnxTensor.Create<float>("", [2.1f]), OnnxTensor.Create<float>("", [0.25f])]),
        Case("ConstantOfShape", "ConstantOfShape", [Ints(2, 3)], ("value", OnnxTensor.Create<long>("", [7], 1))),
        Case("Where", "Where", [Bools(true, false, true), Numbers.Tensor(1, 2, 3), Numbers.Tensor(2, 1)]),
        Case("ReduceMean axes", "ReduceMean", [Numbers.Tensor(1, 2, 3, 4), Ints(-1, 0)], ("keepdims", 0L)),
        Case("ReduceSum all", "ReduceSum", [Numbers.Tensor(1, 2, 3, 4)]),
        Case("ReduceMax", "ReduceMax", [Numbers.Tensor(1, 2, 3, 4), Ints(1)]),
        Case("ReduceProd", "ReduceProd", [Ints(2, 3, 4)]),
        Case("Split parts", "Split", [Numbers.Tensor(1, 2, 7)], 3, ("axis", 1L), ("num_outputs", 3L)),
        Case("Split lengths", "Split", [Numbers.Tensor(1, 2, 7), Ints(1, 6)], 2, ("axis", -1L)),
        Case("Constant", "Constant", [], ("value_floats", new[] { 1f, 2f })),
        Case("Slice by attributes", "Slice", [Numbers.Tensor(1, 5, 6)], ("starts", new long[] { 1 }), ("ends", new long[] { 4 }), ("axes", new long[] { 1 })) with { Opset = 9 },
        Case("Unsqueeze by attributes", "Unsqueeze", [Numbers.Tensor(1, 5, 6)], ("axes", new long[] { 1 })) with { Opset = 11 },
        Case("ReduceMean by attributes", "ReduceMean", [Numbers.Tensor(1, 5, 6)], ("axes", new long[] { 1 })) with { Opset = 11 },
    ];

    /// <summary>Operators of which only the shape is inferred.</summary>
    public static IReadOnlyList<OperatorCase> Shaped { get; } =
    [
        .. new[] { "Erf", "LeakyRelu", "Softplus", "HardSwish", "Softmax", "Elu" }.Select(op => Case(op, op, [Numbers.Tensor(1, 2, 3)])),
        Case("Dropout", "Dropout", [Numbers.Tensor(1, 2, 3)], 2),
        Case("LayerNormalization", "LayerNormalization", [Numbers.Tensor(1, 2, 3, 4), Numbers.Tensor(2, 4)], 3, ("axis", -1L)),
        Case("BatchNormalization", "BatchNormalization", [Numbers.Tensor(1, 2, 3, 4), Numbers.Tensor(2, 3), Numbers.Tensor(3, 3), Numbers.Tensor(4, 3), OnnxTensor.Create<float>("", [1, 1, 1], 3)]),
        Case("MatMul batch", "MatMul", [Numbers.Tensor(1, 5, 1, 2, 3), Numbers.Tensor(2, 4, 3, 6)]),
        Case("MatMul vector", "MatMul", [Numbers.Tensor(1, 4, 2, 3), Numbers.Tensor(2, 3)]),
        Case("Gemm", "Gemm", [Numbers.Tensor(1, 3, 2), Numbers.Tensor(2, 5, 3)], ("transA", 1L), ("transB", 1L)),
        Case("Einsum", "Einsum", [Numbers.Tensor(1, 2, 3, 4), Numbers.Tensor(2, 2, 4, 5)], ("equation", "bij,bjk->bki")),
        Case("Conv", "Conv", [Numbers.Tensor(1, 1, 4, 9, 8), Numbers.Tensor(2, 6, 2, 3, 3)], ("group", 2L), ("strides", new long[] { 2, 1 }), ("pads", new long[] { 1, 0, 0, 2 }), ("dilations", new long[] { 2, 1 })),
        Case("Conv same", "Conv", [Numbers.Tensor(1, 1, 2, 9), Numbers.Tensor(2, 6, 2, 3)], ("auto_pad", "SAME_UPPER"), ("strides", new long[] { 2 })),
        Case("Conv 3-D", "Conv", [Numbers.Tensor(1, 1, 2, 3, 4, 5), Numbers.Tensor(2, 3, 2, 1, 3, 3)], ("pads", new long[] { 0, 1, 1, 0, 1, 1 })),
        Case("ConvTranspose", "ConvTranspose", [Numbers.Tensor(1, 1, 4, 5), Numbers.Tensor(2, 4, 3, 4)], ("strides", new long[] { 2 }), ("pads", new long[] { 1, 1 }), ("output_padding", new long[] { 1 })),
        Case("MaxPool", "MaxPool", [Numbers.Tensor(1, 1, 2, 7, 7)], 2, ("kernel_shape", new long[] { 3, 2 }), ("strides", new long[] { 2, 2 }), ("ceil_mode", 1L)),
        Case("AveragePool", "AveragePool", [Numbers.Tensor(1, 1, 2, 7, 7)], ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 })),
        Case("GlobalAveragePool", "GlobalAveragePool", [Numbers.Tensor(1, 1, 2, 7, 7)]),
        Case("Pad", "Pad", [Numbers.Tensor(1, 2, 3), Ints(1, 0, 0, 2)]),
        Case("Pad axes", "Pad", [Numbers.Tensor(1, 2, 3), Ints(1, 2), null, Ints(1)]),
        Case("DepthToSpace", "DepthToSpace", [Numbers.Tensor(1, 1, 8, 2, 3)], ("blocksize", 2L)),
        Case("SpaceToDepth", "SpaceToDepth", [Numbers.Tensor(1, 1, 2, 4, 6)], ("blocksize", 2L)),
        Case("Resize scales", "Resize", [Numbers.Tensor(1, 1, 2, 3, 4), null, Floats(1, 1, 2.5f, 2)], ("mode", "nearest")),
        Case("Resize sizes", "Resize", [Numbers.Tensor(1, 1, 2, 3, 4), null, null, Ints(1, 2, 6, 5)], ("mode", "linear")),
        Case("ArgMax", "ArgMax", [Numbers.Tensor(1, 2, 3)], ("axis", -1L), ("keepdims", 0L)),
        Case("ReduceL2", "ReduceL2", [Numbers.Tensor(1, 2, 3)]),
        Case("TopK", "TopK", [Numbers.Tensor(1, 2, 5), Ints(3)], 2),
        Case("OneHot", "OneHot", [Ints(1, 0), OnnxTensor.Create<long>("", [4]), Floats(0, 1)]),
        Case("GatherElements", "GatherElements", [Numbers.Tensor(1, 3, 2), OnnxTensor.Create<long>("", [0, 1], 1, 2)]),
        Case("GatherND", "GatherND", [Numbers.Tensor(1, 3, 2, 4), OnnxTensor.Create<long>("", [0, 1, 2, 0], 2, 2)]),
        Case("ScatterND", "ScatterND", [Numbers.Tensor(1, 4), OnnxTensor.Create<long>("", [1], 1, 1), Floats(9)]),
        Case("CumSum", "CumSum", [Numbers.Tensor(1, 4), OnnxTensor.Create<long>("", [0])]),
        Case("Trilu", "Trilu", [Numbers.Tensor(1, 4, 4)]),
        Case("LSTM", "LSTM", [Numbers.Tensor(1, 3, 2, 4), Numbers.Tensor(2, 1, 20, 4), Numbers.Tensor(3, 1, 20, 5)], 3, ("hidden_size", 5L)),
        Case("QuantizeLinear", "QuantizeLinear", [Numbers.Tensor(1, 3), OnnxTensor.Create<float>("", [0.1f]), OnnxTensor.Create<sbyte>("", [0])]),
        Case("DynamicQuantizeLinear", "DynamicQuantizeLinear", [Numbers.Tensor(1, 3, 4)], 3),
        Case("MatMulInteger", "MatMulInteger", [OnnxTensor.Create<byte>("", [1, 2], 1, 2), OnnxTensor.Create<byte>("", [1, 2], 2, 1)]),
        Case("Gelu", "Gelu", [Numbers.Tensor(1, 3)]) with { Opset = 20 },
    ];

    private static IEnumerable<OperatorCase> Unary(params string[] operators) => operators.Select(op => Case(op, op, [Floats(0.3f, 2.5f, 7, 1)]));

    private static IEnumerable<OperatorCase> Binary(params string[] operators) =>
        operators.Select(op => Case(op, op, [op == "Pow" ? OnnxTensor.Create<float>("", [1.5f, 2, 3, 0.5f], 2, 2) : Numbers.Tensor(1, 2, 2), op == "MatMul" ? Numbers.Tensor(2, 2, 3) : Floats(0.5f, -2)]));

    private static IEnumerable<OperatorCase> Whole(params string[] operators) => operators.Select(op => Case($"{op} int64", op, [Ints(7, -7, 3), Ints(2, 3, -4)]));

    private static OnnxTensor Floats(params float[] values) => OnnxTensor.Create<float>("", values, values.Length);

    private static OnnxTensor Ints(params long[] values) => OnnxTensor.Create<long>("", values, values.Length);

    private static OnnxTensor Bools(params bool[] values) => OnnxTensor.Create<bool>("", values, values.Length);

    private static OperatorCase Case(string name, string op, OnnxTensor?[] inputs, params (string, object)[] attributes) => Case(name, op, inputs, 1, attributes);

    private static OperatorCase Case(string name, string op, OnnxTensor?[] inputs, int outputs, params (string Name, object Value)[] attributes) => new(name, new OnnxNode(op,
        inputs.Select((input, i) => input is null ? "" : $"in{i}"), Enumerable.Range(0, outputs).Select(i => $"out{i}"), "node", "", [.. attributes.Select(entry => Attribute(entry.Name, entry.Value))]), inputs);

    private static OnnxAttribute Attribute(string name, object value) => value switch
    {
        long number => OnnxAttribute.Create(name, number),
        float number => OnnxAttribute.Create(name, number),
        string text => OnnxAttribute.Create(name, text),
        long[] numbers => OnnxAttribute.Create(name, numbers),
        float[] numbers => OnnxAttribute.Create(name, numbers),
        OnnxTensor tensor => OnnxAttribute.Create(name, tensor),
        _ => throw new NotSupportedException(value.GetType().Name),
    };
}
