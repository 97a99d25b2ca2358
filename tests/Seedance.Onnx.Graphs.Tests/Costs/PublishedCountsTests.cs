using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Costs;

/// <summary>
/// Well-known networks, built layer by layer after their papers, against the counts that torchvision publishes with its weights
/// ("Table of all available classification weights": parameters, and multiply-adds under the name of GFLOPS).
/// </summary>
[Trait("Tier", "Unit")]
public sealed class PublishedCountsTests
{
    private const double Within = 0.02;

    [Theory]
    [InlineData("resnet50", 25_557_032, 4.09)]
    [InlineData("vgg16", 138_357_544, 15.47)]
    [InlineData("vit_b_16", 86_567_656, 17.56)]
    [InlineData("mobilenet_v2", 3_504_872, 0.30)]
    public void Estimate_WellKnownNetwork_IsNearItsPublishedCounts(string name, long parameters, double billions)
    {
        using TemporaryFolder folder = new();
        OnnxModel model = KnownNetworks.Build(name, folder.PathOf("network.onnx"));

        GraphCost cost = CostModel.Estimate(model);

        Assert.Equal(0, cost.UnknownNodes);
        // Running means and variances of batch normalisation are no parameters to those who count, but stand in the file as such.
        Assert.Equal(parameters, cost.Total.Parameters - KnownNetworks.Statistics(model));
        Assert.InRange(cost.Total.MultiplyAdds / 1e9, billions * (1 - Within), billions * (1 + Within));
    }
}
