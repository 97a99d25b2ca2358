using System.Text;

namespace Seedance.Onnx.Media;

[Trait("Tier", "Unit")]
public sealed class OutputTailTests
{
    [Fact]
    public void ToString_FewLines_JoinsThem()
    {
        var tail = new OutputTail();

        tail.Append("one\r\n\n  two  \n"u8);

        Assert.Equal("one | two", tail.ToString());
    }

    [Fact]
    public void ToString_MoreThanCapacity_KeepsTheEnd()
    {
        var tail = new OutputTail(capacity: 10);

        tail.Append("0123456789"u8);
        tail.Append("abc"u8);

        Assert.Equal("3456789abc", tail.ToString());
    }

    [Fact]
    public void ToString_Nothing_IsEmpty() => Assert.Equal("", new OutputTail().ToString());

    [Fact]
    public void ReadToEnd_LongStream_KeepsTheLastSixLines()
    {
        var tail = new OutputTail();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(1, 10_000))));

        tail.ReadToEnd(stream);

        Assert.Equal("9995 | 9996 | 9997 | 9998 | 9999 | 10000", tail.ToString());
    }
}
