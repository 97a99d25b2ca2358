namespace Seedance.Onnx.Core.Tests.Errors;

[Trait("Tier", "Unit")]
public sealed class SeedanceExceptionTests
{
    [Fact]
    public void ModelPack_SeveralProblems_AreOneLineAndAList()
    {
        ModelPackException error = new("packs/a", ["One.", "Two."]);

        Assert.Equal("Pack 'packs/a': One. Two.", error.Message);
        Assert.Equal(["One.", "Two."], error.Problems);
        Assert.Equal("packs/a", error.Pack);
    }

    [Fact]
    public void InvalidRequest_SeveralProblems_AreOneLineAndAList()
    {
        InvalidRequestException error = new(["One.", "Two."]);

        Assert.Equal("The request is not valid: One. Two.", error.Message);
        Assert.Equal(["One.", "Two."], error.Problems);
        Assert.Throws<ArgumentException>(() => new InvalidRequestException([]));
    }

    [Fact]
    public void GraphExecution_FromTheRuntime_KeepsRoleAndCause()
    {
        InvalidOperationException cause = new("out of memory");

        GraphExecutionException error = new("transformer", cause);

        Assert.Equal("Graph 'transformer' failed: out of memory", error.Message);
        Assert.Equal("transformer", error.Role);
        Assert.Same(cause, error.InnerException);
    }

    [Fact]
    public void EveryError_IsASeedanceException()
    {
        Exception[] errors =
        [
            new ModelPackException("a", "b"), new InvalidRequestException(["a"]), new GraphExecutionException("a", "b"),
            new ExecutionTargetException("a"), new MediaException("a"),
        ];

        Assert.All(errors, error => Assert.IsAssignableFrom<SeedanceException>(error));
    }
}
