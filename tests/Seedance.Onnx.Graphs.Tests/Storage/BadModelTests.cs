using Google.Protobuf;
using Seedance.Onnx.Graphs.Schema;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Storage;

[Trait("Tier", "Unit")]
public sealed class BadModelTests
{
    [Fact]
    public void Load_MissingFile_IsRefused()
    {
        ModelFileException error = Assert.Throws<ModelFileException>(() => OnnxModel.Load("/nowhere/model.onnx"));

        Assert.Equal("/nowhere/model.onnx", error.Model);
    }

    [Fact]
    public void Parse_EveryTruncation_IsRefusedOrWhole()
    {
        byte[] bytes = TinyModels.Branch().ToBytes();

        for (int length = 0; length < bytes.Length; length++)
        {
            byte[] cut = bytes[..length];
            Exception? error = Record.Exception(() => OnnxModel.Parse(cut));
            Assert.True(error is null or ModelFileException, $"At length {length}: {error}");
        }

        Assert.Contains("cut short", Assert.Throws<ModelFileException>(() => OnnxModel.Parse(bytes[..^1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Cycle_IsRefused() => AssertRefused("must not depend on themselves",
        Node("Add", ["x", "b"], "a"), Node("Neg", ["a"], "b"));

    [Fact]
    public void Parse_NodesOutOfOrder_AreKept()
    {
        OnnxModel model = OnnxModel.Parse(Model(Node("Neg", ["a"], "b"), Node("Neg", ["x"], "a")).ToByteArray());

        Assert.Equal("b", model.Graph.Nodes[0].Outputs[0]);
    }

    [Fact]
    public void Parse_ValueThatNothingMakes_IsRefused() => AssertRefused("Input 'gone' of node Neg", Node("Neg", ["gone"], "a"));

    [Fact]
    public void Parse_ValueMadeTwice_IsRefused() => AssertRefused("must be made once", Node("Neg", ["x"], "a"), Node("Abs", ["x"], "a"));

    [Fact]
    public void Parse_DomainThatIsNotImported_IsRefused() => AssertRefused("but is from 'other'",
        new NodeProto { OpType = "Foo", Domain = "other", Input = { "x" }, Output = { "a" } });

    [Fact]
    public void Parse_ManyProblems_AreNamedTogether()
    {
        // Twenty inputs that nothing makes, and the graph's output that nothing makes.
        ModelFileException error = Assert.Throws<ModelFileException>(() =>
            OnnxModel.Parse(Model([.. Enumerable.Range(0, 20).Select(i => Node("Neg", [$"gone{i}"], $"a{i}"))]).ToByteArray()));

        Assert.Equal(9, error.Problems.Count);
        Assert.Equal("And 13 more.", error.Problems[^1]);
    }

    [Fact]
    public void Parse_DimensionsThatNoTensorHas_AreRefused()
    {
        foreach (long[] dims in new long[][] { [-1], [long.MaxValue, 2], [1L << 32, 1L << 31] })
        {
            ModelProto model = Model(Node("Neg", ["x"], "a"));
            model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, Dims = { dims }, RawData = ByteString.CopyFrom(new byte[4]) });

            ModelFileException error = Assert.Throws<ModelFileException>(() => OnnxModel.Parse(model.ToByteArray()));
            Assert.Contains("axes that a tensor can have", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parse_FewerBytesThanTheShapeNeeds_IsRefused()
    {
        ModelProto model = Model(Node("Neg", ["x"], "a"));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, Dims = { 1000, 1000 }, RawData = ByteString.CopyFrom(new byte[4]) });

        ModelFileException error = Assert.Throws<ModelFileException>(() => OnnxModel.Parse(model.ToByteArray()));

        Assert.Contains("must have 1000000 elements of float32 (4000000 bytes), but has 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_StructureOverTheLimit_IsRefused()
    {
        byte[] bytes = TinyModels.Linear().ToBytes();

        ModelFileException error = Assert.Throws<ModelFileException>(() => OnnxModel.Parse(bytes, options: new OnnxReadOptions { MaxStructureBytes = 200 }));

        Assert.Contains("at most 200 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OurOwnFieldInAFile_IsRefused()
    {
        ModelProto model = Model(Node("Neg", ["x"], "a"));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, Dims = { 4 }, Range = 0 });

        Assert.Throws<ModelFileException>(() => OnnxModel.Parse(model.ToByteArray()));
    }

    [Fact]
    public void Parse_NotAModel_IsRefused()
    {
        Assert.Throws<ModelFileException>(() => OnnxModel.Parse([]));
        Assert.Throws<ModelFileException>(() => OnnxModel.Parse("{\"json\": true}"u8.ToArray()));
    }

    [Fact]
    public void Parse_GraphsNestedWithoutEnd_IsRefused()
    {
        GraphProto graph = new() { Name = "g" };
        for (int i = 0; i < 60; i++)
        {
            graph = new GraphProto { Name = "g", Node = { new NodeProto { OpType = "If", Attribute = { new AttributeProto { Name = "g", Type = AttributeProto.Types.AttributeType.Graph, G = graph } } } } };
        }

        byte[] bytes = new ModelProto { Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = 18 } } }.ToByteArray();

        Assert.Contains("nest deeper", Assert.Throws<ModelFileException>(() => OnnxModel.Parse(bytes)).Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(string problem, params NodeProto[] nodes)
    {
        ModelFileException error = Assert.Throws<ModelFileException>(() => OnnxModel.Parse(Model(nodes).ToByteArray(), "file.onnx"));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("file.onnx", error.Message, StringComparison.Ordinal);
    }

    private static NodeProto Node(string op, string[] inputs, string output) => new() { OpType = op, Input = { inputs }, Output = { output } };

    private static ModelProto Model(params NodeProto[] nodes) => new()
    {
        OpsetImport = { new OperatorSetIdProto { Version = 18 } },
        Graph = new GraphProto { Name = "g", Input = { new ValueInfoProto { Name = "x" } }, Output = { new ValueInfoProto { Name = "a" } }, Node = { nodes } },
    };
}
