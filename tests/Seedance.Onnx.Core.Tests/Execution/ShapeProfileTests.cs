using System.Collections.Immutable;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Core.Tests.Execution;

[Trait("Tier", "Unit")]
public sealed class ShapeProfileTests
{
    private static readonly ImmutableSortedDictionary<string, AxisRange> NoAxes = ImmutableSortedDictionary<string, AxisRange>.Empty;

    [Fact]
    public void Of_Transformer_SpansFromTheLeastToTheMostThatThePackWasMadeFor()
    {
        (PackContract pack, _) = Read();

        ShapeProfile shapes = ShapeProfile.Of(pack.FindGraph(GraphRoles.Transformer)!, pack, NoAxes);

        // 96x64, 80x80, 64x96 at stride 8; 1, 17 and 41 frames at stride 4; 96 tokens; guidance 3.5, or of words and images apart.
        AxisRange batch = new(1, 2, 3), f = new(1, 5, 11), tokens = new(1, 96, 96);
        Assert.Equal([batch, AxisRange.Fixed(9), f, new AxisRange(8, 8, 12), new AxisRange(8, 12, 12)], shapes.Inputs["hidden_states"].AsEnumerable());
        Assert.Equal([batch], shapes.Inputs["timestep"].AsEnumerable());
        Assert.Equal([batch, tokens, AxisRange.Fixed(32)], shapes.Inputs["encoder_hidden_states"].AsEnumerable());
        Assert.False(shapes.IsStatic);
    }

    [Fact]
    public void Of_EveryGraphOfAPack_IsValidForEveryInputThatIsNotText()
    {
        (PackContract pack, _) = Read();

        foreach (GraphContract graph in pack.Graphs.Values.Where(graph => graph.Role is not (GraphRoles.Tokenizer or GraphRoles.ImageEncoder)))
        {
            ShapeProfile shapes = ShapeProfile.Of(graph, pack, NoAxes);

            Assert.Equal(graph.Inputs.Select(input => input.FileName).Order(StringComparer.Ordinal), shapes.Inputs.Keys);
            Assert.All(shapes.Inputs.Values.SelectMany(axes => axes), axis => Assert.True(axis.IsValid));
        }
    }

    [Fact]
    public void Of_AxesGiven_TheyCountAndCanMakeItStatic()
    {
        (PackContract pack, _) = Read();
        GraphContract decoder = pack.FindGraph(GraphRoles.VaeDecoder)!;

        ShapeProfile shapes = ShapeProfile.Of(decoder, pack, decoder.Inputs[0].Axes.Where(axis => axis.Letter is not null).ToDictionary(axis => axis.Letter!, _ => AxisRange.Fixed(7)));

        Assert.True(shapes.IsStatic);
        Assert.Contains(AxisRange.Fixed(7), shapes.Inputs["latent_sample"]);
    }

    [Fact]
    public void Of_AxisThatFollowsFromNothing_IsAskedFor()
    {
        (PackContract pack, _) = Read();
        const string features = "encoder_hidden_states_image";
        GraphContract transformer = pack.FindGraph(GraphRoles.Transformer)!;
        TensorContract input = new() { Name = features, FileName = features, ElementType = ElementType.Float32, Axes = [TensorAxis.Free("B"), TensorAxis.Free("I"), TensorAxis.Fixed(20)] };

        ExecutionTargetException error = Assert.Throws<ExecutionTargetException>(() => ShapeProfile.Of(transformer with { Inputs = [input] }, pack, NoAxes));

        Assert.Contains("not of I. Give them in tensorrt.axes.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keep_InputThatTheFileLacks_LeavesItOut()
    {
        (PackContract pack, _) = Read();
        ShapeProfile shapes = ShapeProfile.Of(pack.FindGraph(GraphRoles.TextEncoder)!, pack, NoAxes);

        Assert.Equal(["attention_mask", "input_ids"], shapes.Keep(["input_ids", "attention_mask"]).Inputs.Keys);
    }

    [Fact]
    public void PlannedShapes_OfAPlan_AreWhatTheGraphsGet()
    {
        (PackContract pack, SchedulerContract scheduler) = Read();
        GenerationPlan plan = GenerationPlan.Create(new VideoRequest { Prompt = "a ball", Width = 96, Height = 64, Frames = 9, Guidance = 1 }, pack, scheduler);

        PlannedShapes shapes = PlannedShapes.Of(plan, pack);

        Assert.Equal([1, 9, 3, 8, 12], shapes.InputsOf(pack.FindGraph(GraphRoles.Transformer)!, pack)["hidden_states"].AsEnumerable());
        Assert.Equal([1, 4, 3, 8, 12], shapes.InputsOf(pack.FindGraph(GraphRoles.VaeDecoder)!, pack)["latent_sample"].AsEnumerable());
        Assert.Equal([1, 96], shapes.InputsOf(pack.FindGraph(GraphRoles.TextEncoder)!, pack)["input_ids"].AsEnumerable());
    }

    private static (PackContract Contract, SchedulerContract Scheduler) Read()
    {
        using Packs.PackFolderFixture fixture = new();
        ModelPack pack = ModelPack.Open(fixture.Path);
        return (pack.Contract, pack.Scheduler);
    }
}
