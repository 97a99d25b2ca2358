using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Storage;

[Trait("Tier", "Unit")]
public sealed class RoundTripTests
{
    [Theory]
    [InlineData("tests/Shared/tiny-pack/transformer/model.onnx")]
    [InlineData("tests/Shared/tiny-pack/tokenizer/model.onnx")]
    [InlineData("tests/Shared/tiny-pack/text_encoder/model.onnx")]
    [InlineData("tests/Shared/tiny-pack/vae_decoder/model.onnx")]
    [InlineData("tests/Seedance.Onnx.Ort.Tests/graphs/repeat.onnx")]
    [InlineData("tests/Seedance.Onnx.Ort.Tests/graphs/words.onnx")]
    public void ToBytes_NothingChanged_AreTheFilesBytes(string file)
    {
        string path = RepositoryFolder.PathOf(file.Split('/'));

        byte[] bytes = OnnxModel.Load(path).ToBytes();

        Assert.Equal(File.ReadAllBytes(path), bytes);
    }

    [Fact]
    public void Save_LargeTensors_AreCopiedWithoutBeingRead()
    {
        using TemporaryFolder folder = new();
        byte[] expected = TinyModels.Linear().ToBytes();
        File.WriteAllBytes(folder.PathOf("a.onnx"), expected);

        OnnxModel model = OnnxModel.Load(folder.PathOf("a.onnx"));
        model.Save(folder.PathOf("b.onnx"));

        Assert.Equal(folder.PathOf("a.onnx"), model.Graph.Initializers.Find("weight")!.File);
        Assert.Null(model.Graph.Initializers.Find("bias")!.File);
        Assert.Equal(expected, File.ReadAllBytes(folder.PathOf("b.onnx")));
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void ToBytes_EveryFieldOfTheFormat_ComesBack()
    {
        ModelProto expected = EveryField();

        byte[] bytes = OnnxModel.Parse(expected.ToByteArray()).ToBytes();

        Assert.Equal(expected, ModelProto.Parser.ParseFrom(bytes));
    }

    [Fact]
    public void ToBytes_FieldThatTheSchemaLacks_ComesBack()
    {
        // Field 26, device configurations: a message with a name and a number.
        byte[] extra = [0xD2, 0x01, 0x05, 0x0A, 0x01, (byte)'d', 0x10, 0x02];
        byte[] expected = [.. TinyModels.Linear().ToBytes(), .. extra];

        byte[] bytes = OnnxModel.Parse(expected).ToBytes();

        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void ToArray_TypedFields_AreTheValues()
    {
        OnnxGraph graph = OnnxModel.Parse(EveryField().ToByteArray()).Graph;

        Assert.Equal([1.5f, -2f], graph.Initializers.Find("float")!.ToArray<float>());
        Assert.Equal([1.5, -2], graph.Initializers.Find("double")!.ToArray<double>());
        Assert.Equal([7L, -1], graph.Initializers.Find("int64")!.ToArray<long>());
        Assert.Equal([(sbyte)7, (sbyte)-1], graph.Initializers.Find("int8")!.ToArray<sbyte>());
        Assert.Equal([(Half)1, (Half)(-2)], graph.Initializers.Find("float16")!.ToArray<Half>());
        Assert.Equal([7u, uint.MaxValue], graph.Initializers.Find("uint32")!.ToArray<uint>());
        Assert.Equal([0x21, 0x03], graph.Initializers.Find("int4")!.ToBytes());
        Assert.Equal(["α", ""], graph.Initializers.Find("text")!.ToText());
    }

    [Fact]
    public void Copy_Changed_LeavesTheOriginal()
    {
        OnnxModel model = TinyModels.Branch();
        byte[] expected = model.ToBytes();

        OnnxModel copy = model.Copy();
        copy.Graph.Nodes[0].Subgraphs.First().Nodes[0].OpType = "Abs";
        copy.Graph.Nodes[0].Inputs[0] = "other";
        copy.Graph.Initializers.Set(OnnxTensor.Create<float>("new", [1f]));
        copy.Opsets.Set("com.microsoft", 1);
        copy.Metadata["key"] = "value";

        Assert.Equal(expected, model.ToBytes());
    }

    private static ModelProto EveryField()
    {
        GraphProto inner = new() { Name = "inner", Node = { new NodeProto { OpType = "Neg", Input = { "x" }, Output = { "z" } } }, Output = { new ValueInfoProto { Name = "z" } } };
        TensorProto[] tensors =
        [
            new() { Name = "float", DataType = 1, Dims = { 2 }, FloatData = { 1.5f, -2 }, DocString = "doc", MetadataProps = { Entry("a", "b") } },
            new() { Name = "double", DataType = 11, Dims = { 2 }, DoubleData = { 1.5, -2 } },
            new() { Name = "int64", DataType = 7, Dims = { 2 }, Int64Data = { 7, -1 } },
            new() { Name = "int8", DataType = 3, Dims = { 2 }, Int32Data = { 7, -1 } },
            new() { Name = "float16", DataType = 10, Dims = { 2 }, Int32Data = { 0x3C00, 0xC000 } },
            new() { Name = "uint32", DataType = 12, Dims = { 2 }, Uint64Data = { 7, uint.MaxValue } },
            new() { Name = "int4", DataType = 22, Dims = { 3 }, Int32Data = { 0x21, 0x03 } },
            new() { Name = "text", DataType = 8, Dims = { 2 }, StringData = { ByteString.CopyFromUtf8("α"), ByteString.Empty } },
            new() { Name = "float8", DataType = 17, Dims = { 1, 1 }, RawData = ByteString.CopyFrom(0x38) },
            new() { Name = "newer", DataType = 99, Dims = { 1 }, RawData = ByteString.CopyFrom(1, 2, 3) },
            new() { Name = "empty", DataType = 1, Dims = { 0 } },
            new() { Name = "long", DataType = 2, Dims = { 40000 }, RawData = ByteString.CopyFrom(new byte[40000]) },
        ];
        var sparse = new SparseTensorProto { Values = new TensorProto { Name = "sparse", DataType = 1, Dims = { 0 } }, Indices = new TensorProto { DataType = 7, Dims = { 0 } }, Dims = { 4 } };
        AttributeProto[] attributes =
        [
            new() { Name = "i", Type = AttributeProto.Types.AttributeType.Int, I = 3 },
            new() { Name = "t", Type = AttributeProto.Types.AttributeType.Tensor, T = tensors[11] },
            new() { Name = "ts", Type = AttributeProto.Types.AttributeType.Tensors, Tensors = { tensors[0], tensors[1] } },
            new() { Name = "g", Type = AttributeProto.Types.AttributeType.Graph, G = inner },
            new() { Name = "gs", Type = AttributeProto.Types.AttributeType.Graphs, Graphs = { inner, inner } },
            new() { Name = "sp", Type = AttributeProto.Types.AttributeType.SparseTensor, SparseTensor = sparse },
            new() { Name = "tp", Type = AttributeProto.Types.AttributeType.TypeProto, Tp = new TypeProto { SequenceType = new() { ElemType = new() { TensorType = new() { ElemType = 1 } } } } },
            new() { Name = "fs", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 1, 2 }, DocString = "doc" },
        ];
        ValueInfoProto x = new() { Name = "x", Type = new() { TensorType = new() { ElemType = 1, Shape = new() { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "N", Denotation = "D" } } } } } };
        return new ModelProto
        {
            IrVersion = 13,
            ProducerName = "p",
            ProducerVersion = "v",
            Domain = "d",
            ModelVersion = 5,
            DocString = "doc",
            OpsetImport = { new OperatorSetIdProto { Version = 18 }, new OperatorSetIdProto { Domain = "own", Version = 1 } },
            MetadataProps = { Entry("k", "v"), Entry("k2", "") },
            TrainingInfo = { new TrainingInfoProto { Initialization = inner, UpdateBinding = { Entry("w", "w2") } } },
            Functions =
            {
                new FunctionProto
                {
                    Name = "F", Domain = "own", Overload = "o", Input = { "a" }, Output = { "b" }, Attribute = { "alpha" },
                    AttributeProto = { new AttributeProto { Name = "beta", Type = AttributeProto.Types.AttributeType.Float, F = 2 } },
                    Node = { new NodeProto { OpType = "Neg", Input = { "a" }, Output = { "b" }, Attribute = { new AttributeProto { Name = "q", RefAttrName = "alpha", Type = AttributeProto.Types.AttributeType.Float } } } },
                    OpsetImport = { new OperatorSetIdProto { Version = 18 } }, ValueInfo = { x }, DocString = "doc", MetadataProps = { Entry("m", "n") },
                },
            },
            Graph = new GraphProto
            {
                Name = "g",
                DocString = "doc",
                Node = { new NodeProto { Name = "n", OpType = "F", Domain = "own", Overload = "o", Input = { "x" }, Output = { "y" }, Attribute = { attributes }, DocString = "doc", MetadataProps = { Entry("m", "n") } } },
                Initializer = { tensors },
                SparseInitializer = { sparse },
                Input = { x },
                Output = { new ValueInfoProto { Name = "y", DocString = "doc", MetadataProps = { Entry("m", "n") } } },
                ValueInfo = { new ValueInfoProto { Name = "x" } },
                QuantizationAnnotation = { new TensorAnnotation { TensorName = "x", QuantParameterTensorNames = { Entry("SCALE_TENSOR", "float") } } },
                MetadataProps = { Entry("m", "n") },
            },
        };
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };
}
