using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Fusion;

[Trait("Tier", "Graph")]
public sealed class AttentionFusionTests
{
    private const string Axes = "B=2 S=5 T=7";

    private static readonly AttentionForm[] Forms = [AttentionForm.MultiHeadAttention, AttentionForm.Attention];

    public static TheoryData<string, string, string, AttentionForm> Shapes
    {
        get
        {
            TheoryData<string, string, string, AttentionForm> shapes = [];
            foreach (AttentionForm form in Forms)
            {
                foreach (string scale in new[] { "none", "query", "key", "both", "scores", "divided scores" })
                {
                    shapes.Add(scale, "none", "heads", form);
                    shapes.Add(scale, "keys", "heads", form);
                }

                foreach (string bias in new[] { "none", "full", "keys", "heads", "square", "where", "where not", "two" })
                {
                    shapes.Add("scores", bias, "heads", form);
                    shapes.Add("query", bias, "projections", form);
                    shapes.Add("query", bias, "one transpose", form);
                }
            }

            return shapes;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Optimize_AttentionAsExportersWriteIt_MakesOneOperator(string scale, string bias, string layout, AttentionForm form)
    {
        OnnxModel model = AttentionModels.Build(scale, bias, layout);

        OnnxModel optimized = PassAssert.SameOutputs(model, Options(form), PassAssert.Inputs(model, Axes));

        Assert.Equal(0, PassAssert.Count(optimized, "Softmax"));
        Assert.Equal(1, PassAssert.Count(optimized, form.ToString()));
    }

    [Fact]
    public void Optimize_ProjectionsWithoutBias_LeavesNoMovesAround()
    {
        OnnxModel model = AttentionModels.Build("query", "none", "projections");

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, Axes));

        Assert.Equal(["MultiHeadAttention"], optimized.Graph.Nodes.Select(node => node.OpType));
        Assert.Equal(4, optimized.Graph.Nodes[0].Int("num_heads", 0));
        Assert.Equal(0.25f, optimized.Graph.Nodes[0].Float("scale", 0));
    }

    [Theory, InlineData(AttentionForm.MultiHeadAttention), InlineData(AttentionForm.Attention)]
    public void Optimize_HeadsInTheBatch_MakesOneOperator(AttentionForm form)
    {
        OnnxModel model = AttentionModels.BatchedHeads(biased: false);
        OnnxModel biased = AttentionModels.BatchedHeads(biased: true);

        OnnxModel optimized = PassAssert.SameOutputs(model, Options(form), PassAssert.Inputs(model, Axes));
        OnnxModel optimizedBiased = PassAssert.SameOutputs(biased, Options(form), PassAssert.Inputs(biased, Axes));

        Assert.Equal(1, PassAssert.Count(optimized, form.ToString()));
        Assert.Equal(1, PassAssert.Count(optimizedBiased, form.ToString()));
    }

    [Theory, InlineData(AttentionForm.MultiHeadAttention), InlineData(AttentionForm.Attention)]
    public void Optimize_WholeRowMasked_StaysTheSame(AttentionForm form)
    {
        // With a finite fill all keys of such a row weigh the same.
        OnnxModel model = AttentionModels.Build("scores", "where", "heads");
        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, Axes);
        inputs["mask"] = OnnxTensor.Create<bool>("", new bool[2 * 7], 2, 1, 1, 7);

        PassAssert.SameOutputs(model, Options(form), inputs);
    }

    [Fact]
    public void Optimize_MaskOfKeysForCpu_BecomesAFeature()
    {
        OnnxModel model = AttentionModels.Build("query", "keys", "heads");

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, Axes));
        OnnxModel cuda = PassAssert.SameOutputs(model, new OptimizationOptions { Target = GraphTarget.Cuda }, PassAssert.Inputs(model, Axes));

        Assert.Equal(3, optimized.Graph.Nodes.Single(node => node.OpType == "MultiHeadAttention").Inputs.Count);
        Assert.Equal(6, cuda.Graph.Nodes.Single(node => node.OpType == "MultiHeadAttention").Inputs.Count);
    }

    [Fact]
    public void Optimize_NormalisedQueriesAndKeys_AreLeftInFront()
    {
        OnnxModel model = AttentionModels.Build("query", "keys", "qk-norm");

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, Axes));

        Assert.Equal(1, PassAssert.Count(optimized, "MultiHeadAttention"));
        Assert.Equal(2, PassAssert.Count(optimized, "SkipLayerNormalization"));
    }

    [Fact]
    public void Optimize_TensorRt_LeavesAttentionInPieces()
    {
        OnnxModel model = AttentionModels.Build("query", "keys", "heads");

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions { Target = GraphTarget.TensorRt }, PassAssert.Inputs(model, Axes));

        Assert.Equal(1, PassAssert.Count(optimized, "Softmax"));
        Assert.DoesNotContain(optimized.Graph.Nodes, node => node.Domain.Length > 0);
    }

    [Theory]
    [InlineData("scaled after bias")]
    [InlineData("small fill")]
    [InlineData("softmax over queries")]
    public void Optimize_WhatIsNoAttention_IsLeftAlone(string pattern)
    {
        OnnxModel model = AttentionModels.Build("scores", pattern, "heads");

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, Axes));

        Assert.Equal(1, PassAssert.Count(optimized, "Softmax"));
    }

    [Fact]
    public void Optimize_ScoresThatAreAnOutput_AreStillMade()
    {
        OnnxModel model = AttentionModels.Build("query", "none", "heads");
        model.Graph.Outputs.Add(new OnnxValue(model.Graph.Nodes.Single(node => node.OpType == "Softmax").Outputs[0], OnnxElementType.Float32, "B", 4, "S", "T"));

        PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, Axes));
    }

    private static OptimizationOptions Options(AttentionForm form) => new() { Profile = TargetProfile.Of(GraphTarget.Cpu) with { Attention = form } };
}
