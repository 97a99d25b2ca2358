namespace Seedance.Onnx.Sampling;

/// <summary>
/// The 32-bit Mersenne Twister, MT19937 (Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform
/// pseudo-random number generator", 1998), seeded by a 32-bit number.
/// </summary>
internal sealed class MersenneTwister
{
    private const int Size = 624;
    private const int Distance = 397;

    private readonly uint[] _state = new uint[Size];
    private int _next = Size;

    public MersenneTwister(uint seed)
    {
        _state[0] = seed;
        for (uint i = 1; i < Size; i++)
        {
            uint last = _state[i - 1];
            _state[i] = (1812433253u * (last ^ (last >> 30))) + i;
        }
    }

    /// <summary>The next 32 random bits.</summary>
    public uint NextUInt32()
    {
        if (_next == Size)
        {
            Twist();
        }

        uint y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        return y ^ (y >> 18);
    }

    private void Twist()
    {
        uint[] state = _state;
        for (int i = 0; i < Size; i++)
        {
            uint mixed = (state[i] & 0x80000000u) | (state[(i + 1) % Size] & 0x7fffffffu);
            uint odd = (mixed & 1) == 0 ? 0 : 0x9908b0dfu;
            state[i] = state[(i + Distance) % Size] ^ (mixed >> 1) ^ odd;
        }

        _next = 0;
    }
}
