using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Core.Tests.Execution;

[Trait("Tier", "Unit")]
public sealed class ExecutionProviderNamesTests
{
    [Fact]
    public void TryParse_EveryName_GivesTheProviderBack()
    {
        foreach (ExecutionProvider provider in Enum.GetValues<ExecutionProvider>())
        {
            bool known = ExecutionProviderNames.TryParse(provider.ToName().ToUpperInvariant(), out ExecutionProvider read);

            Assert.True(known);
            Assert.Equal(provider, read);
        }
    }

    [Theory, InlineData(null), InlineData(""), InlineData("gpu"), InlineData("1")]
    public void TryParse_AnythingElse_IsNoProvider(string? name) => Assert.False(ExecutionProviderNames.TryParse(name, out _));
}
